"""Refuses what is too big: by what a request says of itself, and by what really arrives.

The framework has a limit too, but answers it in bare text; ours is a problem document.
"""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.web.problems import Problem, document
from gengfu.core.said import said

MOST_BODY = 64 * 1024
_TOO_LARGE = said("a request has at most {} bytes", MOST_BODY)


class BodyLimit:
    """Looks at Content-Length before anything is read, and counts while it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:12]) > MOST_BODY:
            problem = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
            await document(problem, request)(scope, receive, send)
            return
        arrived = 0

        async def count() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > MOST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
            return message

        await self._app(scope, count, send)
