"""What people see: pages by role, each one template over what the ports say."""

from fastapi import APIRouter

from dashboards.web.pages import (
    access,
    alerts,
    engineer,
    equipment,
    linkage,
    manager,
    new_rule,
    report,
    rule_changes,
    rules,
    start,
)

PARTS = (
    access,
    alerts,
    engineer,
    equipment,
    linkage,
    manager,
    report,
    rules,
    new_rule,
    rule_changes,
    start,
)
"""In the order in which a request's path is looked for."""

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
