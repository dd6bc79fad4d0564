"""`scop account app-password`: a generated password for each program, shown once."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.shared import ask, config_option, console, json_option, print_json, print_table, when
from scop.mesh.vocabulary.keeper import AddAppPassword, ReadAccount, RemoveAppPassword

__all__ = ["app_password"]


@click.group(name="app-password")
@click.argument("name")
@click.pass_context
def app_password(context: click.Context, name: str) -> None:
    """Passwords of NAME's programs: one for each, so that one can be taken away."""
    context.obj = name


@app_password.command()
@click.argument("label")
@config_option
@json_option
@click.pass_obj
def add(name: str, label: str, config: Path, as_json: bool) -> None:
    """Generate a password for the program LABEL. It is shown now and never again."""
    made = ask(config, "keeper", AddAppPassword(name, label))
    if as_json:
        print_json(made)
        return
    console.print(made.password, style="bold", markup=False)
    console.print(f"{name}: this is the password for {label}, hyphens included; it is not shown again", markup=False)


@app_password.command(name="list")
@config_option
@json_option
@click.pass_obj
def list_app_passwords(name: str, config: Path, as_json: bool) -> None:
    """List for which programs there are passwords."""
    view = ask(config, "keeper", ReadAccount(name))
    if as_json:
        print_json(view.app_passwords)
    else:
        print_table(("program", "since"), [(each.label, when(each.created_unix)) for each in view.app_passwords])


@app_password.command()
@click.argument("label")
@config_option
@json_option
@click.pass_obj
def remove(name: str, label: str, config: Path, as_json: bool) -> None:
    """Let the password of the program LABEL be none any more."""
    view = ask(config, "keeper", RemoveAppPassword(name, label))
    if as_json:
        print_json(view)
    else:
        console.print(f"{name}: {label} logs in no more", markup=False)
