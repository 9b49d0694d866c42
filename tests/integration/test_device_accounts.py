"""``gengfu devices``: what it writes is what a running Mosquitto knows a moment later."""

import json
from pathlib import Path

from typer.testing import CliRunner

from gateway.accounts import AccountFiles, core_account
from gengfu.app.ledgers import import_ledger
from gengfu.app.setup import DEMO_ESTATE
from gengfu.cli.program import app
from gengfu.config import Settings
from tests.integration.services import mosquitto

DEVICE = "pump-supply-1"


def test_a_new_account_waits_for_a_restart(tmp_path: Path) -> None:
    """Added, a device passes the check on the running broker; revoked, it cannot sign in any more."""
    files = AccountFiles(tmp_path / "accounts")
    password = files.add(core_account("gengfu", "gf"))
    lines = (
        "allow_anonymous false",
        f"password_file {files.passwords_file}",
        f"acl_file {files.acl_file}",
    )
    broker = mosquitto(tmp_path / "broker", *lines)
    config, pid = tmp_path / "gengfu.yaml", tmp_path / "mosquitto.pid"
    config.write_text(
        f"data: {tmp_path / 'data'}\nbroker:\n  url: {broker.url}\n  user: gengfu\n"
        f"  password: {password}\n  pid_file: {pid}\n",
        encoding="utf-8",
    )
    import_ledger(Settings(data=tmp_path / "data"), DEMO_ESTATE)
    with broker.up() as process:
        pid.write_text(str(process.pid), encoding="ascii")
        common = ["--config", str(config)]
        run = CliRunner().invoke
        added = run(app, ["devices", "add", DEVICE, "--folder", str(files.folder), *common])
        secret = added.output.rpartition("password: ")[2].split()[0]
        checked = run(app, ["devices", "check", DEVICE, "--json", *common], input=f"{secret}\n")
        assert checked.exit_code == 0, checked.output
        assert all(one["holds"] for one in json.loads(checked.output))
        run(app, ["devices", "revoke", DEVICE, "--folder", str(files.folder), *common])
        refused = run(app, ["devices", "check", DEVICE, *common], input=f"{secret}\n")
        assert refused.exit_code == 1
        assert "FAILED signs in" in refused.output
