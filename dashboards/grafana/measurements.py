"""What the desk writes back to InfluxDB beside the readings, by the names that dashboards ask for.

``dashboards.grafana.figures`` writes ``availability`` and ``operating_state``, and
``alert_changes`` here writes ``alert``.
"""

AVAILABILITY = "availability"
"""Tags by (equipment, class, building, site), site, building, class, equipment; fields ratio,
coverage, target, failures, up_s, down_s, planned_s, unknown_s and more; one point a day."""
OPERATING_STATE = "operating_state"
"""Tags site, building, class, equipment; field state; at each change, and the present one."""
ALERT = "alert"
"""Tags site, equipment, part, kind, severity, rule; fields alert, what, handling, condition, opened,
ack_s, arrive_s; a point for each change."""
