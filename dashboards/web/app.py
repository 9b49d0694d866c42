"""Puts the web application together: routes, errors, headers, static files, the alert feed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from dashboards.web import pages
from dashboards.web.api import (
    access,
    alerts,
    estate,
    figures,
    health,
    late,
    linkage,
    rule_changes,
    rules,
    stream,
)
from dashboards.web.body_limit import BodyLimit
from dashboards.web.headers import SecurityHeaders
from dashboards.web.identity import admit
from dashboards.web.ports import DeskPorts
from dashboards.web.problems import (
    Problem,
    SignInNeeded,
    document,
    from_framework,
    from_validation,
    no_room,
)
from dashboards.web.render import HERE, page, wants_page
from dashboards.web.vocabulary import SIGNED_OUT
from gengfu.core.said import said
from gengfu.database import is_full

_PARTS = (
    access,
    estate,
    stream,
    alerts,
    figures,
    rules,
    rule_changes,
    late,
    linkage,
    health,
)
"""Of the API, in the order in which a request's path is looked for."""


def build_app(ports: DeskPorts) -> FastAPI:
    """Build the pages and the API over what the composition root passes in.

    The third-party files must be there (``vendor.require``). ``app.state.feed.close()`` ends the
    open streams, which a server has to do before it waits for its connections.
    """
    app = FastAPI(
        title="Gengfu",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(admit)],
        redirect_slashes=False,
    )
    app.state.ports = ports
    app.state.feed = stream.Feed(ports)
    for part in _PARTS:
        app.include_router(part.router)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_framework)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(OperationalError, _answer_full_disk)
    app.add_exception_handler(OSError, _answer_full_disk)
    app.add_exception_handler(Exception, _answer_defect)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    feed: stream.Feed = app.state.feed
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(feed.run(), name="alert-feed")
        listening = tasks.create_task(feed.listen(), name="alert-hints")
        yield
        await feed.close()
        looking.cancel()
        listening.cancel()


def _answer(request: Request, problem: Problem) -> Response:
    if not wants_page(request):
        return document(problem, request)
    if isinstance(problem, SignInNeeded):
        return _to_sign_in(request)
    return page(
        request, "problem.html", status=problem.status, headers=problem.headers, problem=problem
    )


def _to_sign_in(request: Request) -> Response:
    """Lead to the sign-in and from there back to the page one was on, which says if a tap was lost.

    A script that asked for a part of a page is told so: it would put what it is led to there.
    """
    asked = "hx-request" in request.headers
    taken = request.method != "GET"
    at = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "/")
    here = at if asked or taken else urlsplit(str(request.url))
    query = urlencode({"refused": SIGNED_OUT}) if taken else here.query
    target = f"/login?next={quote(f'{here.path}?{query}' if query else here.path)}"
    if asked:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER)


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


async def _answer_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, from_framework(error))


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answer(request, from_validation(error))


async def _answer_full_disk(request: Request, error: Exception) -> Response:
    if not is_full(error):
        raise error
    return _answer(request, no_room())


async def _answer_defect(request: Request, _error: Exception) -> Response:
    defect = Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, said("this is a defect of ours; it was logged")
    )
    return _answer(request, defect)
