"""Sentences that can be said in another language too: what they were made of stays beside the English.

A mistake is found deep in the code and told far away, on a page or in a terminal whose reader may
prefer Chinese. ``said`` makes the English sentence at once, and whoever shows it says it again from
its template. Templates are collected into the catalogs of texts, so each is written out in full.
"""

from collections.abc import Callable, Iterable


class Said(str):
    """An English sentence with its template (``str.format``) and what stands in it."""

    __slots__ = ("template", "values")

    template: str
    values: tuple[object, ...]


class Misread(ValueError):
    """A text of a person's is not what was asked for; ``said`` says how."""

    def __init__(self, why: Said) -> None:
        super().__init__(why)
        self.said = why


def said(template: str, /, *values: object) -> Said:
    """Return a sentence; what stands in it may be one too."""
    return _made(template, values)


def _made(template: str, values: tuple[object, ...]) -> Said:
    sentence = Said(template.format(*values))
    sentence.template, sentence.values = template, values
    return sentence


NOTHING = _made("", ())
"""No sentence, such as the mend of a mistake whose own words say enough."""


def joined(separator: str, sentences: Iterable[object]) -> Said:
    """Return sentences as one."""
    every = tuple(sentences)
    return _made(separator.join(["{}"] * len(every)), every)


def say_again(text: str, translate: Callable[[str], str]) -> str:
    """Return a sentence in another language; any other text as it is.

    ``translate`` knows templates, and returns as they are those that it does not know.
    """
    if not isinstance(text, Said):
        return text
    values = (say_again(one, translate) if isinstance(one, str) else one for one in text.values)
    return translate(text.template).format(*values)
