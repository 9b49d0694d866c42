"""Put the dashboards into a running Grafana over its API, by grafana-client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException, TokenAuth

from dashboards.grafana.frame import TAG
from gengfu.core.errors import GengfuError

FOLDER = "更夫 Gengfu"


class PushFailed(GengfuError):
    """Grafana did not take a dashboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A Grafana and the token of a service account that may edit dashboards."""

    url: str
    token: str = field(repr=False)


def push(target: Target, documents: Mapping[str, str]) -> list[str]:
    """Create or replace dashboards in our folder; return their addresses.

    Raises:
        PushFailed: at the first that Grafana refuses.
    """
    grafana = _connected(target)
    addresses = []
    try:
        folder = _folder(grafana)
        for text in documents.values():
            page = {**json.loads(text), "id": None}
            answer = grafana.dashboard.update_dashboard(  # type: ignore[no-untyped-call]
                {"dashboard": page, "folderUid": folder, "overwrite": True}
            )
            addresses.append(target.url.rstrip("/") + str(answer["url"]))
    except (GrafanaException, OSError) as exc:
        raise PushFailed(f"{target.url}: {exc}") from exc
    return addresses


def _connected(target: Target) -> GrafanaApi:
    url = urlsplit(target.url)
    return GrafanaApi(
        TokenAuth(token=target.token),  # type: ignore[no-untyped-call]
        host=url.hostname or "",
        port=url.port,
        protocol=url.scheme,
        url_path_prefix=url.path.strip("/") + "/" if url.path.strip("/") else "",
        timeout=20.0,
    )


def _folder(grafana: GrafanaApi) -> str:
    folders = grafana.folder.get_all_folders()  # type: ignore[no-untyped-call]
    known = {str(one["uid"]) for one in folders}
    if TAG not in known:
        grafana.folder.create_folder(title=FOLDER, uid=TAG)  # type: ignore[no-untyped-call]
    return TAG
