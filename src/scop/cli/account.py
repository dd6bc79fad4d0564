"""`scop account`: people and what they may do."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.account_app_password import app_password
from scop.cli.account_forward import forward
from scop.cli.shared import ask, config_option, console, json_option, print_json, print_table, when
from scop.mesh.config import Config
from scop.mesh.vocabulary.keeper import AccountView, AddAccount, DisableAccount, ListAccounts, SendAs, SetPassword
from scop.supervisor.config_file import read_config

__all__ = ["account"]


@click.group()
def account() -> None:
    """Open, list and close accounts."""


account.add_command(app_password)
account.add_command(forward)


def _password(given: str | None) -> str:
    """Return the password from the option, from standard input, or typed twice."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    assert isinstance(typed, str)
    return typed


def _show(view: AccountView, as_json: bool, done: str) -> None:
    if as_json:
        print_json(view)
    else:
        console.print(f"{view.name}: {done} ({', '.join(view.addresses)})")


password_option = click.option("--password", help="Default: asked for, or the first line of standard input.")
scram_option = click.option(
    "--scram", is_flag=True, help="Let SCRAM in with it too: never sent, but cheaper to guess for who steals the store."
)


@account.command()
@click.argument("name")
@password_option
@click.option(
    "--address", "addresses", multiple=True, help="An address; more than once for more. Default: NAME@domain."
)
@click.option("--send-as", type=click.Choice([s.value for s in SendAs]), default=SendAs.OWN.value, show_default=True)
@scram_option
@config_option
@json_option
def add(
    name: str,
    password: str | None,
    addresses: tuple[str, ...],
    send_as: str,
    scram: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Open the account NAME."""
    view = ask(config, "keeper", AddAccount(name, _password(password), addresses, SendAs(send_as), scram))
    _show(view, as_json, "opened")
    _tell_of_lessons(view, read_config(config))


def _tell_of_lessons(view: AccountView, config: Config) -> None:
    """Say where an account takes the mail that people send to be learned; an account comes first."""
    for name in ("spam_mailbox", "ham_mailbox"):
        address = f"{getattr(config.spam, name)}@{config.domain}"
        if address in view.addresses:
            click.echo(
                f"scop: what people send to {address} is no longer learned: {view.name} has it now; "
                f"let `[spam] {name}` in scop.toml name another address",
                err=True,
            )


@account.command(name="list")
@config_option
@json_option
def list_accounts(config: Path, as_json: bool) -> None:
    """List all accounts."""
    found = ask(config, "keeper", ListAccounts())
    if as_json:
        print_json(found.accounts)
        return
    rows = [
        (
            a.name,
            ", ".join(a.addresses),
            a.send_as,
            ", ".join(a.verifiers + tuple(f"app password {each.label}" for each in a.app_passwords)),
            "closed" if a.disabled else "open",
            when(a.created_unix),
        )
        for a in found.accounts
    ]
    print_table(("account", "addresses", "sends as", "verifiers", "state", "since"), rows)


@account.command()
@click.argument("name")
@password_option
@scram_option
@config_option
@json_option
def passwd(name: str, password: str | None, scram: bool, config: Path, as_json: bool) -> None:
    """Replace NAME's password; its app passwords end with the old one."""
    _show(ask(config, "keeper", SetPassword(name, _password(password), scram)), as_json, "has a new password")


@account.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Open it again.")
@config_option
@json_option
def disable(name: str, again: bool, config: Path, as_json: bool) -> None:
    """Close NAME to logins and new mail; nothing stored is lost."""
    view = ask(config, "keeper", DisableAccount(name, disabled=not again))
    _show(view, as_json, "open again" if again else "closed")
