"""``/login``, ``/logout``, ``/setup`` for programs; the pages have forms that do the same."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.web.identity import Desk, Who, credential, give_session, session_cookie
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem, bad_request
from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput
from gengfu.core.said import joined, said

router = APIRouter(prefix="/api/v1")


class LoginBody(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    login: Annotated[str, Field(min_length=1, max_length=128)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class SetupBody(LoginBody):
    """The one-time token from the start of the service, and the first administrator."""

    token: Annotated[str, Field(min_length=1, max_length=256)]


class Me(BaseModel):
    """Who is signed in."""

    id: str
    name: str
    roles: list[str]

    @classmethod
    def of(cls, who: Visitor) -> "Me":
        return cls(id=who.id, name=who.name, roles=sorted(who.roles))


def address(request: Request) -> str:
    """Return where a request came from, for limits and the audit trail."""
    return request.client.host if request.client else ""


def sign_in(ports: DeskPorts, request: Request, login: str, password: str) -> str:
    """Open a session.

    Raises:
        Problem: 401, the same for a wrong login and a wrong password; 429 when it is tried too often,
            whether there is such an account or not.
    """
    at = ports.wall_clock.now()
    wait = -(-ports.people.wait(login, address(request), at=at) // SECOND)
    if wait > 0:
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            said("too many tries: wait {} s", wait),
            headers={"Retry-After": str(wait)},
        )
    secret = ports.people.sign_in(login, password, address=address(request), at=at)
    if secret is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, said("login and password do not fit"))
    return secret


def sign_out(ports: DeskPorts, request: Request) -> None:
    """End the request's session; without one there is nothing to do."""
    brought = credential(request)
    if brought is not None and brought.is_session:
        ports.people.sign_out(brought.secret, at=ports.wall_clock.now())


def set_up(ports: DeskPorts, body: SetupBody) -> None:
    """Make the first administrator.

    Raises:
        Problem: 403 for a wrong or used token, 422 for what cannot be a login or a password.
    """
    at = ports.wall_clock.now()
    try:
        done = ports.people.set_up(body.token, body.login, body.password, at=at)
    except BadInput as exc:
        raise bad_request(joined("; ", (one.message for one in exc.faults)), where="body") from exc
    if not done:
        raise Problem(HTTPStatus.FORBIDDEN, said("the set-up token is wrong or was used already"))


_LOGIN_REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"description": "login and password do not fit"},
    429: {"description": "too many tries; `Retry-After` says how many seconds to wait"},
}


@router.post("/login", responses=_LOGIN_REFUSED)
def log_in(ports: Desk, request: Request, body: LoginBody) -> JSONResponse:
    """Sign in; the session comes as a cookie."""
    secret = sign_in(ports, request, body.login, body.password)
    visitor = ports.people.by_session(secret, at=ports.wall_clock.now())
    if visitor is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, said("the session ended at once"))
    response = JSONResponse(Me.of(visitor).model_dump())
    give_session(request, response, secret)
    return response


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
def log_out(ports: Desk, request: Request) -> Response:
    """Sign out: the session ends at once, open streams within a second."""
    sign_out(ports, request)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(session_cookie(request), path="/")
    return response


@router.post("/setup", status_code=HTTPStatus.NO_CONTENT)
def first_setup(ports: Desk, body: SetupBody) -> None:
    """Make the first administrator with the one-time token."""
    set_up(ports, body)


@router.get("/me")
def me(who: Who) -> Me:
    """Say who is signed in."""
    return Me.of(who)
