"""What libyaml and PyYAML say of a text that is no YAML, so that it can be said in another language too."""

from gengfu.core.said import Said, said

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
        said("found unexpected end of stream"),
        said("found unknown escape character"),
        said("found undefined alias"),
        said("found unhashable key"),
        said("control characters are not allowed"),
    )
}
"""The frequent ones, as libyaml 0.2 words them."""


def in_words(problem: object) -> str:
    """Return a parser's problem as a sentence of ours where it is a known one."""
    text = str(problem)
    return _KNOWN.get(text, text)
