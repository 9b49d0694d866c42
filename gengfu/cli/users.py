"""``gengfu users``: accounts and API tokens."""

import sys
from typing import Annotated, TypeAlias

import typer

from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import say, table
from gengfu.people.roles import Role

PasswordStdin: TypeAlias = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password; else one is made.")
]

_group = typer.Typer(help="Accounts and API tokens.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="users")


@_group.command("add")
def add(
    login: str,
    role: Annotated[Role, typer.Option(help="What the person is here.")],
    name: Annotated[str | None, typer.Option(help="As colleagues say it; else the login.")] = None,
    password_stdin: PasswordStdin = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Add an account; a password made here is shown once."""
    from gengfu.app.accounts import add_account

    given = _given(password_stdin)
    made = add_account(settings_from(config, data=data), login, name or login, role, given)
    say(f"login: {login}")
    if given is None:
        say(f"password: {made}")


@_group.command("password")
def password(
    login: str,
    password_stdin: PasswordStdin = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Give an account a new password; its sessions end at once."""
    from gengfu.app.accounts import set_password

    given = _given(password_stdin)
    made = set_password(settings_from(config, data=data), login, given)
    say(f"login: {login}")
    if given is None:
        say(f"password: {made}")


def _given(password_stdin: bool) -> str | None:
    return sys.stdin.readline().rstrip("\n") if password_stdin else None


@_group.command("list")
def list_(data: DataOption = None, config: ConfigOption = None) -> None:
    """List the accounts."""
    from gengfu.app.accounts import gate_of_a_system

    table(
        [
            {
                "login": account.login,
                "name": account.name,
                "roles": ", ".join(sorted(account.roles)),
                "state": "disabled" if account.disabled else "active",
            }
            for account in gate_of_a_system(settings_from(config, data=data)).accounts.all()
        ]
    )


@_group.command("disable")
def disable(login: str, data: DataOption = None, config: ConfigOption = None) -> None:
    """Disable an account; its sessions end at once."""
    from gengfu.app.accounts import disable_account

    disable_account(settings_from(config, data=data), login)
    say(f"disabled: {login}")


@_group.command("enable")
def enable(login: str, data: DataOption = None, config: ConfigOption = None) -> None:
    """Let a disabled account in again."""
    from gengfu.app.accounts import disable_account

    disable_account(settings_from(config, data=data), login, disabled=False)
    say(f"enabled: {login}")


@_group.command("token")
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make an API token; it is shown once."""
    from gengfu.app.accounts import add_token

    say(f"token: {add_token(settings_from(config, data=data), name, role)}")
