"""What libyaml and PyYAML say of a text that is no YAML, so that it can be said in another language too."""

from gengfu.core.said import NOTHING, Said, said

_KNOWN: dict[str, Said] = {
    str(one): one
    for one in (
        said("mapping values are not allowed in this context"),
        said("mapping values are not allowed here"),
        said("block sequence entries are not allowed in this context"),
        said("could not find expected ':'"),
        said("did not find expected key"),
        said("did not find expected '-' indicator"),
        said("did not find expected ',' or ']'"),
        said("did not find expected ',' or '}}'"),
        said("did not find expected node content"),
        said("did not find expected alphabetic or numeric character"),
        said("found character that cannot start any token"),
        said("found a tab character that violates indentation"),
        said("did not find expected comment or line break"),
        said("but found another document"),
        said("did not find expected <document start>"),
        said("did not find expected <block end>"),
        said("found unexpected end of stream"),
        said("found unknown escape character"),
        said("found undefined alias"),
        said("found unhashable key"),
        said("control characters are not allowed"),
    )
}
"""The frequent ones, as libyaml 0.2 words them."""


_MENDS: dict[str, Said] = {
    "could not find expected ':'": said("a colon is half-width, with a space behind it"),
    "found character that cannot start any token": said("indent with spaces; quote the text"),
    "found a tab character that violates indentation": said("indent with spaces"),
    "did not find expected comment or line break": said("put the text in quotes"),
    "but found another document": said("leave out the line ---"),
    "did not find expected ',' or ']'": said("commas are half-width; quote texts with signs"),
    "did not find expected ',' or '}'": said("commas are half-width; quote texts with signs"),
    "mapping values are not allowed in this context": said("put a text with a colon in quotes"),
}


def mended(problem: object) -> Said:
    """Return how what a parser says is mostly mended; nothing where that is not known."""
    return _MENDS.get(str(problem), NOTHING)


def in_words(problem: object) -> str:
    """Return a parser's problem as a sentence of ours where it is a known one."""
    text = str(problem)
    return _KNOWN.get(text, text)
