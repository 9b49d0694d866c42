"""The estate as the desk knows it: newest values and operating states, derived from the journal.

``projection`` applies records and keeps its position; ``timeline`` and ``operating_state`` decide,
purely; ``tables`` is where it all survives a restart.
"""

from dashboards.estate.projection import Estate

__all__ = ["Estate"]
