"""Three phases: what power, voltage and current have to do with each other.

P = Σ U·I·cos φ over the phases, with U from phase to neutral; equal phases give √3·U·I·cos φ with U
between them. One power factor stands for all.
"""

from collections.abc import Mapping

from gengfu.core.naming import Scalar

_PHASES = tuple((f"voltage_{one}", f"current_{one}") for one in "abc")


def phase_current(points: Mapping[str, Scalar]) -> float:
    """Return the current in A of each of three equal phases, from kW, V and the power factor."""
    factor = 3 * _figure(points, "voltage") * _figure(points, "power_factor")
    return 1000 * _figure(points, "power") / factor


def power_of_phases(points: Mapping[str, Scalar]) -> float:
    """Return the power in kW of the phases a, b and c, from V, A and the power factor."""
    phases = [_figure(points, volts) * _figure(points, amperes) for volts, amperes in _PHASES]
    return sum(phases) * _figure(points, "power_factor") / 1000


def _figure(points: Mapping[str, Scalar], name: str) -> float:
    value = points[name]
    assert isinstance(value, float)
    return value
