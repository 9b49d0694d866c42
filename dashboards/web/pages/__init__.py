"""What people see: pages by role, each one template over what the ports say."""

from fastapi import APIRouter

from dashboards.web.pages import access, alerts, engineer, equipment, manager, report, rules

router = APIRouter()
for part in (access, alerts, engineer, equipment, manager, report, rules):
    router.include_router(part.router)
