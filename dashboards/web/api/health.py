"""``/healthz``, ``/readyz`` and ``/metrics``: for supervisors and Prometheus, without signing in."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from dashboards.web.identity import Desk

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "up"}


@router.get("/readyz", responses={503: {"description": "a part of the alarm path is not proved"}})
def readyz(ports: Desk) -> JSONResponse:
    """Say whether every part of the alarm path is proved to work; 503 when one is not."""
    parts = ports.readiness()
    ready = all(part.ready for part in parts)
    content = {
        "ready": ready,
        "parts": {part.name: {"ready": part.ready, "detail": part.detail} for part in parts},
    }
    return JSONResponse(
        content, status_code=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    )


@router.get("/metrics")
def metrics(ports: Desk) -> Response:
    """Give the figures in Prometheus' text format."""
    return Response(ports.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
