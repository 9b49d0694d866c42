"""Back-tests of rules on an installation's archive; the installation may be running or not."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from alerts.model import FindingVerdict
from alerts.read import LONGEST_PAGE, AlertFilter, AlertReader
from dashboards.reach import reach
from gengfu.app.canary import CANARY_RULE
from gengfu.app.given_files import classes_of
from gengfu.app.ledgers import ledgers_of
from gengfu.config import Settings
from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault, GengfuError
from gengfu.core.said import said
from gengfu.database import Answer, read_from
from gengfu.installation import Installation
from ingest.journal.reader import FolderReader
from rules.backtest.document import Document, document
from rules.backtest.known import KnownAlert, hindsight
from rules.backtest.replay import Progress, Replay, Replayed
from rules.episodes import Episode
from rules.language.reader import read_rules

_FALSE = {FindingVerdict.FALSE, FindingVerdict.MISUSE, FindingVerdict.NOTHING_FOUND}


def backtest(
    settings: Settings,
    start: Micros,
    end: Micros,
    draft: Mapping[str, str] | None = None,
    *,
    sites: frozenset[str] | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Document:
    """Run all that ran live, or a draft beside its live version, over [start, end) of the archive.

    ``sites`` None = alerts of all sites.

    Raises:
        BadInput: with every mistake of the draft.
        GengfuError: there is no journal, or it cannot be read.
    """
    place = Installation(settings.data)
    if not place.journal.is_dir():
        raise GengfuError(f"{place.journal} holds no journal: give the data folder with --data.")
    begun = time.perf_counter()
    with closing(FolderReader(place.journal)) as archive:
        replay = Replay(archive, classes_of(settings), start=start, end=end, draft=draft)
        result = _narrowed(replay.run(progress), sites)
    rules = set(result.rules)
    known = [
        one for one in known_alerts(place, start, end, sites) if not rules or one.rule in rules
    ]
    seen = hindsight(known, result.found) if known else None
    return document(result, seen, time.perf_counter() - begun)


def looked_at(
    settings: Settings, draft: Mapping[str, str], sites: Sequence[str] = ()
) -> Mapping[str, int]:
    """Return at how much equipment of today's ledger, of these sites or of all, each rule looks.

    Raises:
        BadInput: with every mistake of the draft; or the ledger lacks a site.
    """
    ledgers = {one.site.id: one for one in ledgers_of(Installation(settings.data))}
    if not ledgers:
        return {}  # an archive alone: there is nothing to look at
    if lacking := [one for one in sites if one not in ledgers]:
        mend = said("it has {}", ", ".join(ledgers))
        raise BadInput(
            [Fault("--site", "", said("there is no site {!r}", one), mend) for one in lacking]
        )
    seen = [ledger for site, ledger in ledgers.items() if not sites or site in sites]
    return {rule.id: reach(rule, seen) for rule in read_rules(draft, classes_of(settings))}


def _narrowed(result: Replayed, sites: frozenset[str] | None) -> Replayed:
    """Leave out other sites, and the canary: core takes it off before it becomes an alert."""

    def kept(episodes: Sequence[Episode]) -> tuple[Episode, ...]:
        return tuple(
            one
            for one in episodes
            if one.rule != CANARY_RULE and (sites is None or one.site in sites)
        )

    live = None if result.live is None else kept(result.live)
    return replace(result, found=kept(result.found), live=live)


def known_alerts(
    place: Installation, start: Micros, end: Micros, sites: frozenset[str] | None = None
) -> list[KnownAlert]:
    """Return the alerts of a period that a person gave a verdict; none when there are no alerts."""

    def read(engine: Engine) -> list[KnownAlert]:
        found: list[KnownAlert] = []
        cursor: str | None = None
        while True:
            wanted = AlertFilter(
                open_only=False,
                sites=None if sites is None else tuple(sites),
                since=start,
                until=end,
                cursor=cursor,
                limit=LONGEST_PAGE,
            )
            page = AlertReader(engine).list(wanted)
            found.extend(
                KnownAlert(
                    id=one.id,
                    rule=one.rule,
                    subject=one.subject,
                    opened=one.opened_at,
                    cleared=one.cleared_at or one.closed_at,
                    is_false=one.verdict in _FALSE,
                )
                for one in page.alerts
                if one.verdict is not None and one.source == "rule"
            )
            cursor = page.cursor
            if cursor is None:
                return found

    return _read(place.alerts, read) or []


def _read(file: Path, read: Callable[[Engine], Answer]) -> Answer | None:
    try:
        return read_from(file, read)
    except DBAPIError as exc:
        raise GengfuError(f"{file} cannot be read: {exc.orig}") from exc
