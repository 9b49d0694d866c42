"""The mapping in force, which can be exchanged while messages come."""

from collections.abc import Iterable, Mapping, Sequence

from gateway.codecs.native.message import Limits
from gateway.codecs.spoken import Outgoing
from gateway.decoded import Decoded, RawMessage
from gateway.directory import Directory
from gateway.mapping.interpreter import Interpreter
from gateway.mapping.model import ForeignMapping
from gengfu.core.batch import Lane
from gengfu.core.clock import Micros


class CurrentMapping:
    """Stands for the interpreter in force. Exchange it in the thread that decodes."""

    def __init__(self, mapping: ForeignMapping, vital: frozenset[str]) -> None:
        """``vital`` are the points whose readings belong into the alarm lane."""
        self.mapping = mapping
        self._vital = vital
        self._interpreter = Interpreter(mapping, vital)

    def exchange(self, mapping: ForeignMapping) -> None:
        """Go on with another mapping; what is remembered of devices that stay is kept."""
        heir = Interpreter(mapping, self._vital)
        heir.inherit(self._interpreter)
        self.mapping, self._interpreter = mapping, heir

    def filters(self, lane: Lane) -> tuple[str, ...]:
        """Return the topic filters that a lane's session subscribes to."""
        return self._interpreter.filters(lane)

    def knows(self, topic: str) -> bool:
        """Tell whether a topic is one that the mapping asked for."""
        return self._interpreter.knows(topic)

    def wants(self, topic: str, lane: Lane, root: str) -> bool:
        """Tell whether a lane has any use for a topic."""
        return self._interpreter.wants(topic, lane, root)

    def decode(
        self, message: RawMessage, directory: Directory, limits: Limits
    ) -> tuple[Decoded, ...]:
        """Turn a foreign message into what it says of each equipment."""
        return self._interpreter.decode(message, directory, limits)

    def due(
        self, now: Micros, *, reconnected: bool, directory: Directory, silent: Mapping[str, Micros]
    ) -> tuple[Sequence[Outgoing], Iterable[str]]:
        """Return what is to be sent, and on which topics it is to be said that somebody is there.

        ``silent`` is how long equipment of each class may be silent.
        """
        one = self._interpreter
        if reconnected:
            one.reconnected()
        return one.due(now), one.quiet(now, directory, silent)
