"""Who may call which route: the one table. A route that is not in it is refused to everybody."""

from collections.abc import Mapping
from typing import TypeAlias

from gengfu.people.roles import Role

Roles: TypeAlias = frozenset[Role]
"""Whoever has one of them is let in. ``PUBLIC`` lets in everybody, signed in or not."""

PUBLIC: Roles = frozenset()
_READ: Roles = frozenset(Role)
_HANDLE: Roles = _READ - {Role.AUDITOR}
_WATCH: Roles = _READ - {Role.GUARD}
_ENGINEER: Roles = frozenset({Role.ENGINEER, Role.MANAGER, Role.ADMIN})

TABLE: Mapping[tuple[str, str], Roles] = {
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/metrics"): PUBLIC,
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("POST", "/logout"): PUBLIC,
    ("GET", "/setup"): PUBLIC,
    ("POST", "/setup"): PUBLIC,
    ("POST", "/api/v1/login"): PUBLIC,
    ("POST", "/api/v1/logout"): _READ,
    ("POST", "/api/v1/setup"): PUBLIC,
    ("GET", "/api/v1/me"): _READ,
    ("GET", "/api/v1/openapi.json"): PUBLIC,
    ("GET", "/api/v1/sites"): _READ,
    ("GET", "/api/v1/equipment"): _READ,
    ("GET", "/api/v1/equipment/{equipment_id}"): _READ,
    ("GET", "/api/v1/equipment/{equipment_id}/readings"): _READ,
    ("GET", "/api/v1/equipment/{equipment_id}/states"): _READ,
    ("GET", "/api/v1/alerts"): _READ,
    ("GET", "/api/v1/alerts/stream"): _READ,
    ("GET", "/api/v1/alerts/{alert_id}"): _READ,
    ("POST", "/api/v1/alerts"): _HANDLE,
    ("POST", "/api/v1/alerts/{alert_id}/{step}"): _HANDLE,
    ("GET", "/api/v1/availability"): _READ,
    ("GET", "/api/v1/dead-letters"): _ENGINEER | {Role.AUDITOR},
    ("GET", "/api/v1/unmapped"): _ENGINEER | {Role.AUDITOR},
    ("GET", "/api/v1/accounting"): _WATCH,
    ("GET", "/api/v1/late"): _WATCH,
    ("GET", "/api/v1/linkage"): _READ,
    ("GET", "/api/v1/linkage/{run_id}"): _READ,
    ("GET", "/api/v1/rules"): _WATCH,
    ("POST", "/api/v1/rules/backtest"): _ENGINEER,
    ("POST", "/api/v1/rules"): _ENGINEER,
    ("GET", "/api/v1/rules/proposed"): _WATCH,
    ("GET", "/api/v1/rules/{rule}/editions"): _WATCH,
    ("POST", "/api/v1/rules/{rule}/off"): _ENGINEER,
    ("POST", "/api/v1/rules/{rule}/restore"): _ENGINEER,
    ("POST", "/api/v1/rules/editions/{number}/decision"): _ENGINEER,
    ("GET", "/"): _READ,
    ("GET", "/guard"): _READ,
    ("GET", "/waiting"): _HANDLE,
    ("GET", "/alerts"): _READ,
    ("GET", "/alerts/{alert_id}"): _READ,
    ("POST", "/alerts/{alert_id}/{step}"): _HANDLE,
    ("GET", "/report"): _HANDLE,
    ("POST", "/report"): _HANDLE,
    ("GET", "/engineer"): _WATCH,
    ("GET", "/engineer/dead-letters"): _ENGINEER | {Role.AUDITOR},
    ("GET", "/engineer/rules"): _WATCH,
    ("GET", "/engineer/rules/backtest"): _ENGINEER,
    ("POST", "/engineer/rules/backtest"): _ENGINEER,
    ("POST", "/engineer/rules/enable"): _ENGINEER,
    ("GET", "/engineer/rules/new"): _ENGINEER,
    ("POST", "/engineer/rules/new"): _ENGINEER,
    ("GET", "/engineer/rules/{rule}"): _WATCH,
    ("POST", "/engineer/rules/{rule}/off"): _ENGINEER,
    ("POST", "/engineer/rules/{rule}/restore"): _ENGINEER,
    ("POST", "/engineer/rules/editions/{number}/decision"): _ENGINEER,
    ("GET", "/equipment/{equipment_id}"): _READ,
    ("GET", "/start"): _ENGINEER,
    ("POST", "/start/test-alarm"): _ENGINEER,
    ("GET", "/linkage"): _READ,
    ("GET", "/linkage/{run_id}"): _READ,
    ("GET", "/manager"): _WATCH,
}


def may(roles: Roles, method: str, path: str) -> bool:
    """Tell whether somebody with these roles may call a route, named by its path template."""
    wanted = TABLE.get(("GET" if method == "HEAD" else method, path))
    return wanted is not None and (wanted is PUBLIC or bool(wanted & roles))


def is_public(method: str, path: str) -> bool:
    """Tell whether a route is open to whoever asks."""
    return TABLE.get(("GET" if method == "HEAD" else method, path)) is PUBLIC
