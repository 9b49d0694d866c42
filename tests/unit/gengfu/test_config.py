"""The settings: every mistake at once, with its place."""

from pathlib import Path

import pytest

from dashboards.web.words import words
from gengfu.config import read_settings
from gengfu.core.errors import BadInput


def test_all_mistakes_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    """A file with four mistakes gives four faults, each with its line; none hides another."""
    file = tmp_path / "gengfu.yaml"
    file.write_text(
        "broker:\n  url: http://x\n  portt: 3\nweb:\n  port: 99999\nstore: {url: sqlite}\n"
    )
    with pytest.raises(BadInput) as refusal:
        read_settings(file)
    assert sorted((fault.place, fault.message.split(":")[0]) for fault in refusal.value.faults) == [
        ("2", "broker.url"),
        ("3", "broker.portt"),
        ("5", "web.port"),
        ("6", "store.url"),
    ]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://alarm..example.com/x", "1 to 63 letters"),
        (f"https://{'a' * 64}.example.com/x", "1 to 63 letters"),
        ("https:///x", "names no host"),
        ("ftp://example.com/x", "write https://host/path"),
        ("example.com/x", "write https://host/path"),
        ("https://[::1/x", "can never be reached"),
        ("https://example.com:99999/x", "a port is at most 65535"),
    ],
)
def test_a_mistyped_webhook_is_found_by_the_first_alarm(
    tmp_path: Path, url: str, told: str
) -> None:
    """An address that can never be reached is refused with its place, before anything burns."""
    file = tmp_path / "gengfu.yaml"
    file.write_text(f"webhooks:\n  - url: {url!r}\n    secret: hunter2\n")
    with pytest.raises(BadInput) as refusal:
        read_settings(file)
    (fault,) = refusal.value.faults
    assert fault.place == "2"
    assert told in fault.message


@pytest.mark.parametrize("url", ["http://10.0.0.8:8080/x", "https://[::1]/", "https://报警.cn./x"])
def test_a_good_webhook_is_refused(tmp_path: Path, url: str) -> None:
    """Addresses and names of any script are taken."""
    file = tmp_path / "gengfu.yaml"
    file.write_text(f"webhooks: [{{url: '{url}', secret: hunter2}}]\n", encoding="utf-8")
    assert read_settings(file).webhooks[0].url == url


def test_a_mistake_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong environment variable is reported by its own name, not as a line of the file."""
    monkeypatch.setenv("GENGFU_WEB__PORT", "eighty")
    with pytest.raises(BadInput) as refusal:
        read_settings(None)
    assert [fault.place for fault in refusal.value.faults] == ["GENGFU_WEB__PORT"]


def test_the_environment_is_stronger_than_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What compose sets wins; what it leaves alone comes from the file."""
    file = tmp_path / "gengfu.yaml"
    file.write_text("broker: {url: 'mqtt://file:1', root: house}\n")
    monkeypatch.setenv("GENGFU_BROKER__URL", "mqtts://environment:8883")
    settings = read_settings(file)
    assert settings.broker.url == "mqtts://environment:8883"
    assert settings.broker.root == "house"


def test_secrets_do_not_print(tmp_path: Path) -> None:
    """A password given in the file is used but never shown; one in a file of its own is read."""
    (tmp_path / "token").write_text("t0ken\n")
    file = tmp_path / "gengfu.yaml"
    file.write_text(f"broker: {{password: hunter2}}\nstore: {{token_file: {tmp_path}/token}}\n")
    settings = read_settings(file)
    assert "hunter2" not in repr(settings)
    assert settings.broker.secret() == "hunter2"
    assert settings.store.secret() == "t0ken"


@pytest.mark.parametrize("text", ["- a\n- b\n", "broker: [", "\tbroker: x"])
def test_a_file_that_is_no_mapping_is_one_clear_fault(tmp_path: Path, text: str) -> None:
    """Broken YAML and YAML of another shape are a fault with a file, never a traceback."""
    file = tmp_path / "gengfu.yaml"
    file.write_text(text)
    with pytest.raises(BadInput) as refusal:
        read_settings(file)
    assert refusal.value.faults[0].file == str(file)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: b: c\n", "1", "缩进或冒号有误"),
        ("broker:\n  url: [\n", "3", "不是合法的 YAML"),
        ("data: \x01\n", "1", "控制字符"),
        ("? [a]\n: b\n", "1", "键只能是"),
        ("clock: {start: 2026-13-45}\n", "", "日期或数字不成立"),
    ],
)
def test_a_parser_speaks_to_the_reader(tmp_path: Path, text: str, line: str, said: str) -> None:
    """What a YAML parser says of the settings is said in the reader's language, with its line."""
    file = tmp_path / "gengfu.yaml"
    file.write_text(text)
    with pytest.raises(BadInput) as refusal:
        read_settings(file)
    (fault,) = refusal.value.faults
    assert fault.place == line
    assert said in words("zh").tell(fault.message)


def test_a_store_without_a_host_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """``influxdb://`` alone is a mistake in the settings, not one that a process finds later."""
    file = tmp_path / "gengfu.yaml"
    file.write_text("store: {url: 'influxdb://'}\nclock: {start: yesterday}\n")
    with pytest.raises(BadInput) as refusal:
        read_settings(file)
    said = [str(fault) for fault in refusal.value.faults]
    assert "names no host" in said[0]
    assert "write a time with its zone" in said[1]
