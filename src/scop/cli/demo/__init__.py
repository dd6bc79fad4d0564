"""`scop demo`: the main job, done before your eyes, and three attacks that must fail.

Two organisations, `lagoon.test` and `harbor.test`, each run a whole mesh on loopback addresses of
their own. Mail is submitted at lagoon with a password over TLS, sealed, carried to harbor by its
MX, checked, classified and stored. Exit status 0 only if every line came out as it must.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from scop.cli.shared import json_option, print_json

__all__ = ["demo"]


@click.command()
@click.option(
    "--mails", type=click.Path(path_type=Path), help="Send these instead: a folder, an .mbox or a tar archive."
)
@click.option("--limit", type=int, help="Send no more than so many.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep both organisations' files in this new folder.")
@json_option
def demo(mails: Path | None, limit: int | None, keep: Path | None, as_json: bool) -> None:
    """Two organisations, real mail, three attacks that must fail."""
    from scop.cli.demo.show import show
    from scop.cli.demo.story import Wanted, tell

    if keep is not None and keep.exists():
        raise click.ClickException(f"{keep} is already there; name a new folder")
    with tempfile.TemporaryDirectory(prefix="scop-demo-") as temporary:
        Path(temporary).chmod(0o711)  # started as root, each cell has an id of its own and must get to its folder
        folder = keep or Path(temporary) / "demo"
        results = tell(Wanted(folder=folder, mails=mails, limit=limit, quiet=as_json))
    if as_json:
        print_json(results.summary())
    else:
        show(results)
    sys.exit(0 if results.right else 1)
