"""The way back: people's verdicts and resets go to the journal, where rules see them.

They wait in a table written with the step itself, so that a kill between loses none; the journal
knows each by its identity, so that one told twice is one record.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from alerts.bell import Bell
from alerts.model import Alert, Entry, Step
from gengfu.core.clock import Clock, Micros
from gengfu.core.identity import Identified, Identity
from gengfu.core.partition import partition_of
from gengfu.core.record import Action, Draft, draft

_TOLD: Mapping[str, Step] = {
    Step.VERDICT: Step.VERDICT,
    # It may come with one.
    Step.CLOSE: Step.VERDICT,
    Step.RESET: Step.RESET,
}
"""Which of people's steps rules are told of, and as which."""


def action_of(alert: Alert, line: Entry) -> Action | None:
    """Return what rules are told of a line in an alert's timeline; None = nothing."""
    told = _TOLD.get(line.what)
    says_nothing = told is Step.VERDICT and "verdict" not in line.attributes
    if told is None or says_nothing or alert.equipment is None:
        return None
    return Action(
        site=alert.site,
        equipment=alert.equipment,
        part=alert.part,
        name=told.value,
        at=line.at,
        attributes={
            "alert": alert.id,
            "rule": alert.rule,
            "actor": line.actor,
            "cause": alert.cause,
            "verdict": alert.verdict.value if alert.verdict else None,
        },
    )


class ActionLog(Protocol):
    """Where actions go. The same identity again is the same action."""

    async def append(self, action: Action, identity: Identified) -> None:
        """Make an action durable, once."""


class ActionJournal(Protocol):
    """What is needed of the journal's writer."""

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range: ...

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]: ...


class JournalActionLog:
    """Appends actions to the journal, in the one thread that writes it."""

    def __init__(self, journal: ActionJournal, clock: Clock, executor: Executor) -> None:
        self._journal = journal
        self._clock = clock
        self._executor = executor

    async def append(self, action: Action, identity: Identified) -> None:
        """Append an action unless the journal knows it.

        Raises:
            JournalError: when it could not be made durable.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._append, action, identity)

    def _append(self, action: Action, identity: Identified) -> None:
        append_once(self._journal, action, identity, at=self._clock.now())


def append_once(
    journal: ActionJournal, action: Action, identity: Identified, *, at: Micros
) -> None:
    """Append an action unless the journal knows it.

    Raises:
        JournalError: when it could not be made durable.
    """
    if not journal.known([identity]):
        journal.append([draft(action, partition_of(action.site))], at=at, identities=[identity])


@dataclass(frozen=True, slots=True)
class WaitingAction:
    """An action that the journal does not have yet."""

    id: str
    action: Action

    @property
    def identity(self) -> Identified:
        """Return what the journal knows it by."""
        return Identified(self.action.equipment, f"action:{self.id}")


class ActingAlerts(Protocol):
    """What the shipper needs of the service."""

    @property
    def bell(self) -> Bell: ...

    def waiting_actions(self) -> Sequence[WaitingAction]:
        """Return the oldest actions that wait."""

    def action_journaled(self, action_id: str) -> None:
        """Note that the journal has an action."""


class ActionShipper:
    """Brings waiting actions to the log, one after the other."""

    def __init__(self, alerts: ActingAlerts, action_log: ActionLog) -> None:
        self._alerts = alerts
        self._log = action_log

    async def run(self) -> None:
        """Run until cancelled."""
        with self._alerts.bell.listen() as ear:
            while True:
                for waiting in await asyncio.to_thread(self._alerts.waiting_actions):
                    await self._log.append(waiting.action, waiting.identity)
                    await asyncio.to_thread(self._alerts.action_journaled, waiting.id)
                await ear.heard(1.0)
