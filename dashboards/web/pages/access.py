"""The way in and out: ``/login``, ``/logout``, ``/setup`` and ``/``, which knows where one belongs."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from dashboards.web.api import access
from dashboards.web.identity import Desk, Who, give_session, session_cookie
from dashboards.web.problems import Problem
from dashboards.web.render import page
from gengfu.people.roles import Role

router = APIRouter()

_HOME = (
    (Role.GUARD, "/guard"),
    (Role.ENGINEER, "/engineer"),
    (Role.MANAGER, "/manager"),
    (Role.ADMIN, "/engineer"),
    (Role.AUDITOR, "/alerts"),
)


def local_path(target: str) -> str:
    """Return a path of ours to go to; whatever leads elsewhere becomes the start page."""
    own = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if own and target.isprintable() else "/"


@router.get("/")
def home(who: Who) -> Response:
    """Go where one's role belongs."""
    target = next((path for role, path in _HOME if role in who.roles), "/alerts")
    return RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER)


@router.get("/login")
def login_form(ports: Desk, request: Request, next: str = "/") -> Response:  # noqa: A002 – the URL's word
    """Show the sign-in form, or the way to set up when nobody can sign in yet."""
    if ports.people.awaits_setup():
        return RedirectResponse("/setup", status_code=HTTPStatus.SEE_OTHER)
    return page(request, "login.html", next=next, login="", fault=None, demo=ports.demo.accounts)


@router.post("/login")
def log_in(
    ports: Desk,
    request: Request,
    login: Annotated[str, Form(max_length=128)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 – the form's word
) -> Response:
    """Sign in and go on to the page that was wanted."""
    try:
        secret = access.sign_in(ports, request, login, password)
    except Problem as problem:
        return page(
            request,
            "login.html",
            status=problem.status,
            headers=problem.headers,
            next=next,
            login=login,
            fault=problem,
            demo=ports.demo.accounts,
        )
    response = RedirectResponse(local_path(next), status_code=HTTPStatus.SEE_OTHER)
    give_session(request, response, secret)
    return response


@router.post("/logout")
def log_out(ports: Desk, request: Request) -> Response:
    """Sign out."""
    access.sign_out(ports, request)
    response = RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
    response.delete_cookie(session_cookie(request), path="/")
    return response


@router.get("/setup")
def setup_form(ports: Desk, request: Request, token: str = "") -> Response:
    """Show the form for the first administrator while the one-time token is unused."""
    if not ports.people.awaits_setup():
        return RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
    return page(request, "setup.html", token=token, login="", fault="")


@router.post("/setup")
def set_up(
    ports: Desk,
    request: Request,
    token: Annotated[str, Form(max_length=256)] = "",
    login: Annotated[str, Form(max_length=128)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Make the first administrator and sign him in."""
    try:
        body = access.SetupBody(token=token, login=login, password=password)
        access.set_up(ports, body)
    except Problem as problem:
        return page(
            request,
            "setup.html",
            status=problem.status,
            token=token,
            login=login,
            fault=problem.detail,
        )
    except ValidationError:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page(request, "setup.html", status=status, token=token, login=login, fault="empty")
    response = RedirectResponse("/start", status_code=HTTPStatus.SEE_OTHER)
    give_session(request, response, access.sign_in(ports, request, login, password))
    return response
