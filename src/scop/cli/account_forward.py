"""`scop account forward`: where else an account's mail goes."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.shared import ask, config_option, console, json_option, print_json
from scop.mesh.vocabulary.keeper import AccountView, AddForward, ReadAccount, RemoveForward

__all__ = ["forward"]


@click.group()
@click.argument("name")
@click.pass_context
def forward(context: click.Context, name: str) -> None:
    """Addresses to which NAME's mail is forwarded."""
    context.obj = name


def _show(view: AccountView, as_json: bool) -> None:
    if as_json:
        print_json({"account": view.name, "forwards": view.forwards, "keeps_copy": view.keeps_copy})
        return
    where = [*([view.name] if view.keeps_copy else []), *view.forwards]
    console.print(f"{view.name}: mail goes to {', '.join(where)}", markup=False)


@forward.command()
@click.argument("address")
@click.option("--no-copy", is_flag=True, help="Keep nothing of what is forwarded; holds for all forwards of NAME.")
@config_option
@json_option
@click.pass_obj
def add(name: str, address: str, no_copy: bool, config: Path, as_json: bool) -> None:
    """Forward to ADDRESS too."""
    _show(ask(config, "keeper", AddForward(name, address, keeps_copy=not no_copy)), as_json)


@forward.command()
@click.argument("address")
@config_option
@json_option
@click.pass_obj
def remove(name: str, address: str, config: Path, as_json: bool) -> None:
    """Forward to ADDRESS no more. Without any forward NAME keeps its mail again."""
    _show(ask(config, "keeper", RemoveForward(name, address)), as_json)


@forward.command(name="list")
@config_option
@json_option
@click.pass_obj
def list_forwards(name: str, config: Path, as_json: bool) -> None:
    """Say where NAME's mail goes."""
    _show(ask(config, "keeper", ReadAccount(name)), as_json)
