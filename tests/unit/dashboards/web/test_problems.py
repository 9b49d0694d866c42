"""A request that cannot be answered says why: to programs in English, to people in their language."""

import httpx
import pytest

from tests.unit.dashboards.web.conftest import bearer

MISTAKES = {
    "severity=xx": "query.severity：不在其中：'critical', 'high', 'medium', 'low'",
    "kind=xx&severity=yy": (
        "query.kind：不在其中：'life_safety', 'security', 'maintenance', 'system'; "
        "query.severity：不在其中：'critical', 'high', 'medium', 'low'"
    ),
    f"cursor={'x' * 201}": "query.cursor：超过 200 个字符",
    "cursor=nonsense": "这个翻页标记不是本列表给出的",
}


@pytest.mark.parametrize(("query", "why"), MISTAKES.items())
async def test_a_mistake_is_told_in_the_wrong_language(
    client: httpx.AsyncClient, query: str, why: str
) -> None:
    """Whatever is wrong with an address, the page says it without a word of another language."""
    page = {**bearer("guard"), "Accept": "text/html"}
    answer = await client.get(f"/alerts?{query}&lang=zh", headers=page)
    assert answer.status_code == 422
    assert f'<p class="small">422 · {why}</p>' in answer.text.replace("&#39;", "'")


async def test_a_program_reads_chinese(client: httpx.AsyncClient) -> None:
    """The API's documents are English and name the argument, whatever language is asked for."""
    headers = bearer("guard") | {"Accept-Language": "zh-CN"}
    answer = await client.get("/api/v1/alerts?severity=xx&sit=a", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [
        {
            "where": "query.severity",
            "detail": "is none of 'critical', 'high', 'medium', 'low'",
        },
        {"where": "query.sit", "detail": "is unknown here"},
    ]


@pytest.mark.parametrize(
    ("address", "status", "why"),
    [
        ("/nowhere", 404, "这个地址下没有内容"),
        ("/alerts/a-99", 404, "没有报警 'a-99'"),
        ("/manager", 403, "当前角色不能做这件事"),
    ],
)
async def test_an_address_that_is_refused(
    client: httpx.AsyncClient, address: str, status: int, why: str
) -> None:
    """What is missing or forbidden is named in the reader's language, beside the page's own words."""
    headers = {**bearer("guard"), "Accept": "text/html", "Accept-Language": "zh-CN"}
    answer = await client.get(address, headers=headers)
    assert (answer.status_code, why in answer.text.replace("&#39;", "'")) == (status, True)
