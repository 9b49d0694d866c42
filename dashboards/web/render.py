"""Pages from templates: one environment for each language, and what every page may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.model import Alert
from dashboards.web import figures, vocabulary
from dashboards.web.identity import LANGUAGE_COOKIE, chosen_language, desk, sees_all
from dashboards.web.permissions import may
from dashboards.web.ports import Visitor
from dashboards.web.vendor import ICONS
from dashboards.web.words import TAGS, Words, preferred, words
from gengfu.core.clock import Micros
from gengfu.core.naming import Language
from gengfu.core.urgency import Kind

HERE = Path(__file__).parent
YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a page is for: his language, his place's time zone, and what time it is there."""

    words: Words
    zone: ZoneInfo
    now: Micros

    def moment(self, at: Micros) -> str:
        return figures.moment(at, self.now, self.zone, self.words)

    def exact(self, at: Micros) -> str:
        return figures.exact(at, self.zone)

    def age(self, at: Micros) -> str:
        return figures.span(self.now - at, self.words)

    def left(self, at: Micros) -> str:
        return figures.span(at - self.now, self.words)

    def span(self, length: Micros) -> str:
        return figures.span(length, self.words)

    def hours(self, seconds: float | None) -> str:
        return figures.hours(seconds, self.words)


@cache
def environment(language: Language) -> Environment:
    """Return the templates of one language."""
    made = Environment(
        loader=PackageLoader("dashboards.web", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    own = words(language)
    install = made.install_gettext_callables  # type: ignore[attr-defined]
    install(own.gettext, own.ngettext, newstyle=True)
    made.filters["say"] = own.say
    made.filters["tell"] = own.tell
    made.filters["percent"] = figures.percent
    made.filters["whole"] = figures.whole
    made.globals["vocabulary"] = vocabulary
    made.globals["icons"] = ICONS
    made.globals["is_alarm"] = is_alarm
    made.globals["short_name"] = figures.short_name
    return made


def is_alarm(alert: Alert) -> bool:
    """Tell whether an alert is what a filled red surface stands for: life safety, untaken."""
    return alert.kind is Kind.LIFE_SAFETY and alert.open and alert.untaken


def language_of(request: Request) -> Language:
    """Return the language of a page: chosen, else the account's, else the browser's."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    own = visitor.language if visitor else None
    return chosen_language(request) or own or preferred(request.headers.get("accept-language"))


def reader_of(request: Request) -> Reader:
    """Return for whom a page is made."""
    ports = desk(request)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    seen = (
        ledger.site.time_zone
        for site, ledger in ports.ledgers.sites.items()
        if visitor is None or visitor.sees(site)
    )
    zone = ZoneInfo(next(seen, "Asia/Shanghai"))
    return Reader(words(language_of(request)), zone, ports.clock.now())


def page(
    request: Request,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """Make a page or a part of one in the reader's language."""
    language = language_of(request)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    reader = reader_of(request)
    html = (
        environment(language)
        .get_template(template)
        .render(
            request=request,
            visitor=visitor,
            reader=reader,
            language=language,
            lang_tag=TAGS[language],
            other_language="en" if language == "zh" else "zh",
            figure=lambda value, point: figures.reading(value, point, reader.words),
            client_words=_client_words(reader.words),
            may_see=lambda path: visitor is not None and may(visitor.roles, "GET", path),
            may_change_rules=visitor is not None
            and may(visitor.roles, "POST", "/engineer/rules/enable")
            and sees_all(desk(request), visitor),
            stream_from=request.app.state.feed.latest,
            may_act=visitor is not None and may(visitor.roles, "POST", "/alerts/{alert_id}/{step}"),
            **context,
        )
    )
    response = HTMLResponse(html, status_code=status, headers=dict(headers or {}))
    response.headers["Content-Language"] = TAGS[language]
    if request.query_params.get("lang") == language:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR_S, path="/", samesite="lax", httponly=True
        )
    return response


def wants_page(request: Request) -> bool:
    """Tell whether the answer is for a person's browser rather than a program."""
    headers = request.headers
    is_person = "text/html" in headers.get("accept", "") or "hx-request" in headers
    return is_person and not request.url.path.startswith("/api/")


def _client_words(own: Words) -> dict[str, object]:
    return {
        "spans": [[size // 1000, own.gettext(text)] for size, text in figures.SPANS],
        "lost": own.gettext("No connection for %(age)s. What you see may be out of date."),
        "unwatched": own.gettext("No alarm comes through right now: watch the panels yourselves"),
        "online": own.gettext("Connected"),
        "unsent": own.gettext("Not sent: no connection. Press again when you are connected."),
        "offline": own.gettext("Disconnected"),
        "soundOn": own.gettext("Sound on"),
        "soundOff": own.gettext("Sound off"),
        "noData": own.gettext("No readings in this period"),
        "failed": own.gettext("The readings cannot be loaded right now"),
    }
