"""The stage clocks of this installation: the usual ones, but for what its contracts say otherwise."""

from collections.abc import Mapping
from dataclasses import replace

from alerts.settings import AlertSettings, Pace, StageClocks, usual_clocks
from gengfu.config import ResponseSettings, Settings
from gengfu.core.clock import SECOND
from gengfu.core.urgency import Response


def alert_settings(settings: Settings) -> AlertSettings:
    """Return what the settings say of alerts."""
    return AlertSettings(clocks=stage_clocks(settings))


def stage_clocks(settings: Settings) -> Mapping[Response, StageClocks]:
    """Return the clocks of every response class."""
    usual = usual_clocks()
    said = {name: _with(usual[name], one) for name, one in settings.responses.items()}
    return {**usual, **said}


def _with(usual: StageClocks, said: ResponseSettings) -> StageClocks:
    arrive = usual.arrive or usual.take
    return StageClocks(
        take=_first(usual.take, said.take_s),
        arrive=usual.arrive if said.arrive_s is None else _first(arrive, said.arrive_s),
    )


def _first(usual: Pace, seconds: int | None) -> Pace:
    return usual if seconds is None else replace(usual, first=seconds * SECOND)
