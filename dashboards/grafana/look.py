"""How our things look in Grafana: the same colours and words as on our own pages.

Normal is grey, colour is for what is not; unknown is neither green nor red.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from grafana_foundation_sdk.builders import common, dashboard
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from gengfu.core.naming import Bilingual
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Severity
from gengfu.ledger.model import EquipmentClass

NORMAL = "#7a838c"
CRITICAL = "#b3151f"
HIGH = "#c96a12"
MEDIUM = "#a88400"
LOW = "#5b7c9d"
AVAILABLE = "#3f8f5c"
MAINTENANCE = "#0f8794"
UNKNOWN = "#8571ab"

_SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    Severity.CRITICAL: ("紧急 Critical", CRITICAL),
    Severity.HIGH: ("重要 High", HIGH),
    Severity.MEDIUM: ("一般 Medium", MEDIUM),
    Severity.LOW: ("提示 Low", LOW),
}
_STATES: Mapping[OperatingState, tuple[str, str]] = {
    OperatingState.RUNNING: ("运行 Running", NORMAL),
    OperatingState.STANDBY: ("待机 Standby", "#a9b1b8"),
    OperatingState.FAULT: ("故障 Fault", CRITICAL),
    OperatingState.MAINTENANCE: ("检修 Maintenance", MAINTENANCE),
    OperatingState.UNKNOWN: ("无数据 No data", UNKNOWN),
}
_UNITS: Mapping[str, str] = {
    "m/s": "velocityms",
    "kg": "masskg",
    "mm": "lengthmm",
    "m": "lengthm",
    "°C": "celsius",
    "Hz": "hertz",
    "%": "percent",
    "V": "volt",
    "A": "amp",
    "s": "s",
    "h": "h",
    "d": "d",
}

Mapped: TypeAlias = model.ValueMap | model.RangeMap | model.RegexMap | model.SpecialValueMap


def both(text: Bilingual) -> str:
    """Write a text for readers of either language: Grafana has no translation of dashboards."""
    return f"{text.zh} {text.en}"


def unit(ours: str) -> str:
    """Return Grafana's name of a unit."""
    return _UNITS.get(ours, f"suffix: {ours}" if ours else "short")


def states() -> list[Mapped]:
    """Return the words and colours of operating states."""
    return [_mapped({str(state): look for state, look in _STATES.items()})]


def words(of: Mapping[str, Bilingual]) -> list[Mapped]:
    """Return an enum's texts, in colours that mean nothing."""
    greys = ("#7a838c", "#5b7c9d", "#a9b1b8", "#8d8265", "#8571ab", "#4f6b6f")
    looks = ((word, both(text)) for word, text in of.items())
    return [_mapped({word: (text, greys[n % len(greys)]) for n, (word, text) in enumerate(looks)})]


def yes_no() -> list[Mapped]:
    """Return the texts of a boolean, stored as 0 and 1."""
    return [_mapped({"0": ("否 No", "#a9b1b8"), "1": ("是 Yes", "#5b7c9d")})]


def prop(name: str, value: object) -> model.DynamicConfigValue:
    """Return a property that an override sets."""
    return model.DynamicConfigValue(id_val=name, value=value)


def severities() -> dict[str, list[model.DynamicConfigValue]]:
    """Return what makes a series that is named by its severity look like it."""
    return {
        str(severity): [
            prop("color", {"mode": "fixed", "fixedColor": colour}),
            prop("displayName", text),
        ]
        for severity, (text, colour) in _SEVERITIES.items()
    }


def classes(known: Iterable[EquipmentClass]) -> dict[str, list[model.DynamicConfigValue]]:
    """Return what gives a series that is named by its class the class's title."""
    return {kind.name: [prop("displayName", both(kind.title))] for kind in known}


def class_titles(known: Iterable[EquipmentClass]) -> model.DynamicConfigValue:
    """Return what shows titles in a column of classes."""
    texts = {kind.name: {"text": both(kind.title)} for kind in known}
    return prop("mappings", [{"type": "value", "options": texts}])


def legend() -> common.VizLegendOptions:
    """Return a legend below the panel."""
    return (
        common.VizLegendOptions()
        .display_mode(common_model.LegendDisplayMode.LIST)
        .placement(common_model.LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def one_colour(colour: str) -> dashboard.FieldColor:
    """Return a fixed colour."""
    return dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(colour)


def against(target: float) -> dashboard.ThresholdsConfig:
    """Return the colours of a ratio that should reach ``target``."""
    steps = [model.Threshold(value=None, color=CRITICAL), model.Threshold(target, AVAILABLE)]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def known(enough: float) -> dashboard.ThresholdsConfig:
    """Return the colours of a coverage: what is too little bears the colour of the unknown."""
    steps = [model.Threshold(value=None, color=UNKNOWN), model.Threshold(enough, "text")]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _mapped(looks: Mapping[str, tuple[str, str]]) -> Mapped:
    return model.ValueMap(
        options={
            value: model.ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(looks.items())
        }
    )
