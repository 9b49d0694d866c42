"""What the mapping asks of our own account on the broker."""

from gateway.accounts import Access, Line
from gateway.codecs.formats import FORMATS
from gateway.codecs.sparkplug.state import state_topic
from gateway.mapping.model import ForeignMapping


def foreign_lines(mapping: ForeignMapping) -> tuple[Line, ...]:
    """Return the access lines for the foreign topics that are heard and written."""
    heard: dict[str, None] = {}
    written = {} if mapping.host is None else {state_topic(mapping.host): None}
    for one in mapping.devices:
        form = FORMATS[one.format]
        heard.update(dict.fromkeys(form.filters(one.base, one.device)))
        written.update(dict.fromkeys(form.orders(one.base, one.device)))
    return (
        *(Line(Access.READ, topic) for topic in heard),
        *(Line(Access.WRITE, topic) for topic in written),
    )
