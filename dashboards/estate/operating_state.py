"""How an equipment's operating state follows from its points: the class's clauses, and nothing else.

Pure: no clock, no database. ``timeline.py`` adds the time, ``estate.py`` the others it hangs on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gengfu.core.expression import Program, bind, parse, truth
from gengfu.core.naming import Scalar
from gengfu.core.states import OperatingState
from gengfu.ledger.classes import ONLINE
from gengfu.ledger.model import EquipmentClass

Values = Mapping[str, Scalar]

_ATTRIBUTE = "attr."


@dataclass(frozen=True, slots=True)
class StateRule:
    """A class's clauses, ready to run for one equipment."""

    clauses: tuple[tuple[OperatingState, Program[Values]], ...]
    points: frozenset[str]
    """The points that the state follows from; no other can change it."""

    @classmethod
    def of(
        cls, equipment_class: EquipmentClass, attributes: Mapping[str, Scalar] | None = None
    ) -> "StateRule":
        """Compile a class's clauses; ``attributes`` are the equipment's facts in the ledger."""
        facts = attributes or {}

        def lookup(name: str) -> Callable[[Values], Scalar]:
            if name.startswith(_ATTRIBUTE):
                fact = facts.get(name.removeprefix(_ATTRIBUTE))
                return lambda _values: fact
            return lambda values: values.get(name)

        parsed = [(clause.state, parse(clause.when)) for clause in equipment_class.operating_state]
        named = frozenset[str]().union(*(expression.points for _, expression in parsed))
        return cls(
            clauses=tuple((OperatingState(state), bind(one, lookup)) for state, one in parsed),
            points=named | {ONLINE.name},
        )

    def derive(self, values: Values) -> OperatingState:
        """Return the state of the first clause that is true; none is true: unknown."""
        for state, program in self.clauses:
            if truth(program(values)) is True:
                return state
        return OperatingState.UNKNOWN

    def is_link_lost(self, values: Values, state: OperatingState) -> bool:
        """Tell whether the state is unknown because the equipment is said to be offline.

        A class whose own clause calls being offline a fault (a camera) is not lost, it is down.
        """
        return state is OperatingState.UNKNOWN and values.get(ONLINE.name) is False
