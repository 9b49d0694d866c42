"""Who makes a request, whether he may, and whether a browser was tricked into making it.

``admit`` stands before every route: nothing is allowed that ``permissions.TABLE`` does not allow.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.responses import Response

from dashboards.web.permissions import is_public, may
from dashboards.web.ports import DeskPorts, People, Visitor
from dashboards.web.problems import Problem, SignInNeeded
from dashboards.web.words import TAGS
from gengfu.core.clock import Micros
from gengfu.core.naming import Language
from gengfu.core.said import said

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
SESSION_DAYS = 30


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request brought to say who makes it; never shown, never logged."""

    secret: str = field(repr=False)
    is_session: bool

    def visitor(self, people: People, at: Micros) -> Visitor | None:
        """Ask whose it is now; None after a sign-out or a revocation."""
        look = people.by_session if self.is_session else people.by_token
        return look(self.secret, at=at)


def desk(request: Request) -> DeskPorts:
    """Return the ports that the application was built with."""
    ports: DeskPorts = request.app.state.ports
    return ports


def session_cookie(request: Request) -> str:
    """Return the session cookie's name: bound to host and TLS where there is TLS."""
    return "__Host-gengfu" if request.url.scheme == "https" else "gengfu"


def credential(request: Request) -> Credential | None:
    """Read the request's credential; an API token goes before a session."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return Credential(token.strip(), is_session=False)
    session = request.cookies.get(session_cookie(request))
    return Credential(session, is_session=True) if session else None


def give_session(request: Request, response: Response, secret: str) -> None:
    """Hand a session to the browser where no script can read it."""
    response.set_cookie(
        session_cookie(request),
        secret,
        max_age=SESSION_DAYS * 86_400,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def refuse_foreign_write(request: Request, brought: Credential | None) -> None:
    """Refuse a write that another site made the browser send (CSRF, also of the sign-in itself).

    Browsers name the origin of every such request; programs that send neither header and a
    token or a cookie of their own were tricked by nobody. No browser adds an API token by itself,
    but it adds what a proxy before the desk asked for (``Authorization: Basic``).
    """
    by_token = brought is not None and not brought.is_session
    if request.method in _SAFE or by_token:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not same or (fetch_site is not None and fetch_site not in _OWN):
        raise Problem(HTTPStatus.FORBIDDEN, said("this was sent by another site's page"))


def admit(request: Request) -> None:
    """Let a request in or refuse it, and remember who makes it as ``request.state.visitor``."""
    ports, path = desk(request), request.scope["route"].path
    brought = credential(request)
    refuse_foreign_write(request, brought)
    visitor = brought.visitor(ports.people, ports.wall_clock.now()) if brought else None
    request.state.visitor = visitor
    if is_public(request.method, path):
        return
    if visitor is None:
        raise SignInNeeded
    if not may(visitor.roles, request.method, path):
        raise Problem(HTTPStatus.FORBIDDEN, said("your role may not do this"))


def visitor_of(request: Request) -> Visitor:
    """Return who makes a request that only people signed in can make."""
    visitor: Visitor | None = request.state.visitor
    if visitor is None:
        raise SignInNeeded
    return visitor


def sees_all(ports: DeskPorts, who: Visitor) -> bool:
    """Tell whether somebody sees every site: what holds at all of them, a rule, is his to change."""
    return all(map(who.sees, ports.ledgers.sites))


Desk = Annotated[DeskPorts, Depends(desk)]
Who = Annotated[Visitor, Depends(visitor_of)]
LANGUAGE_COOKIE = "lang"


def chosen_language(request: Request) -> Language | None:
    """Return the language asked for by ``?lang=`` or, before that, by its cookie."""
    asked = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    return next((known for choice in asked for known in TAGS if choice == known), None)
