"""`scop account`: people and what they may do."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.shared import ask, config_option, console, json_option, print_json, print_table, when
from scop.mesh.vocabulary.keeper import AccountView, AddAccount, DisableAccount, ListAccounts, SendAs, SetPassword

__all__ = ["account"]


@click.group()
def account() -> None:
    """Open, list and close accounts."""


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


@account.command()
@click.argument("name")
@password_option
@click.option(
    "--address", "addresses", multiple=True, help="An address; more than once for more. Default: NAME@domain."
)
@click.option("--send-as", type=click.Choice([s.value for s in SendAs]), default=SendAs.OWN.value, show_default=True)
@config_option
@json_option
def add(name: str, password: str | None, addresses: tuple[str, ...], send_as: str, config: Path, as_json: bool) -> None:
    """Open the account NAME."""
    view = ask(config, "keeper", AddAccount(name, _password(password), addresses, SendAs(send_as)))
    _show(view, as_json, "opened")


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
            ", ".join(a.verifiers),
            "closed" if a.disabled else "open",
            when(a.created_unix),
        )
        for a in found.accounts
    ]
    print_table(("account", "addresses", "sends as", "verifiers", "state", "since"), rows)


@account.command()
@click.argument("name")
@password_option
@config_option
@json_option
def passwd(name: str, password: str | None, config: Path, as_json: bool) -> None:
    """Replace NAME's password."""
    _show(ask(config, "keeper", SetPassword(name, _password(password))), as_json, "has a new password")


@account.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Open it again.")
@config_option
@json_option
def disable(name: str, again: bool, config: Path, as_json: bool) -> None:
    """Close NAME to logins and new mail; nothing stored is lost."""
    view = ask(config, "keeper", DisableAccount(name, disabled=not again))
    _show(view, as_json, "open again" if again else "closed")
