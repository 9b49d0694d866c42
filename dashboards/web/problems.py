"""Errors as RFC 9457 problem documents for programs, and as a page for people in their language."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gengfu.core.said import Said, joined, said
from gengfu.pydantic_problems import in_words

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is an error: whose fault it is and what to do about it."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: Said,
        *,
        kind: str = "about:blank",
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.headers = headers
        self.members = members


class SignInNeeded(Problem):
    """Nobody is signed in, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.UNAUTHORIZED,
            said("sign in, or send an API token as Authorization: Bearer"),
            headers={"WWW-Authenticate": 'Bearer realm="gengfu"'},
        )


def not_found(why: Said) -> Problem:
    """Say that something asked for by name does not exist."""
    return Problem(HTTPStatus.NOT_FOUND, why)


def bad_cursor() -> Problem:
    """Refuse a cursor that no page of the list gave out."""
    return bad_request(said("no page of this list gave out this cursor"), where="query.cursor")


def bad_request(detail: Said, *, where: str) -> Problem:
    """Refuse a request's argument, naming it as validation errors do."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=[{"where": where, "detail": detail}]
    )


def no_room() -> Problem:
    """Say that the disk is full, so nothing was saved: reading goes on, and so does trying again."""
    return Problem(
        HTTPStatus.INSUFFICIENT_STORAGE,
        said("the disk is full and nothing was saved; make room, then send the same request again"),
        headers={"Retry-After": "10"},
    )


def document(problem: Problem, request: Request) -> JSONResponse:
    """Write a problem as its JSON document."""
    content: dict[str, Any] = {
        "type": problem.kind,
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": problem.detail,
        "instance": request.url.path,
        **problem.members,
    }
    return JSONResponse(
        content, status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def from_framework(error: HTTPException) -> Problem:
    """Read what the framework raised itself."""
    status = HTTPStatus(error.status_code)
    said_here = error.detail if isinstance(error.detail, Said) else None
    detail = said_here or _OF_FRAMEWORK.get(status) or as_it_is(error.detail)
    return Problem(status, detail, headers=error.headers)


_OF_FRAMEWORK = {
    HTTPStatus.NOT_FOUND: said("nothing is at this address"),
    HTTPStatus.METHOD_NOT_ALLOWED: said("this address cannot be asked in this way"),
}


def as_it_is(words: object) -> Said:
    """Return what somebody else said, which has no other language."""
    return joined("", (words,))


def from_validation(error: RequestValidationError) -> Problem:
    """Read the framework's list of what is wrong with a request; nothing sent in is repeated."""
    unknown = said("is unknown here")
    errors = [
        {
            "where": ".".join(str(step) for step in one["loc"]),
            "detail": in_words(one, unknown=unknown),
        }
        for one in error.errors()
    ]
    detail = joined("; ", (said("{}: {}", one["where"], one["detail"]) for one in errors))
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)
