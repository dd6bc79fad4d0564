"""`scop dkim keygen`: a new key in a file of one's own, and the record by which others find its public half."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scop.cli.dkim.key_record import in_strings
from scop.cli.dkim.names import checked_domain, checked_selector
from scop.cli.shared import json_option, print_json
from scop.dkim import Algorithm, generate_key, key_to_pem, public_record

__all__ = ["keygen", "record_line"]

_ALGORITHMS = {"rsa": Algorithm.RSA_SHA256, "ed25519": Algorithm.ED25519_SHA256}
_TTL_SECONDS = 3600  # as the signer publishes its own


@click.command()
@click.option("--domain", required=True, help="Whose seal it will be, d=.")
@click.option("--selector", required=True, help="A name for this key, s=; a new one for each key.")
@click.option("--algorithm", type=click.Choice(tuple(_ALGORITHMS)), default="rsa", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="A file that is not there.")
@json_option
def keygen(domain: str, selector: str, algorithm: str, out: Path, as_json: bool) -> None:
    """Make a key that seals mail; print the record to publish.

    The private half goes to FILE as PEM, readable by its owner alone; a file that is there is never overwritten. RSA
    keys have 2048 bits. The line that is printed is one of a master file.
    """
    key = generate_key(checked_domain(domain), checked_selector(selector), _ALGORITHMS[algorithm])
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key_to_pem(key))
    except FileExistsError:
        raise click.ClickException(
            f"--out {out}: is there already; name a new file, keys are not overwritten"
        ) from None
    record = public_record(key)
    if as_json:
        print_json({"name": key.record_name, "type": "TXT", "record": record, "algorithm": algorithm, "file": str(out)})
    else:
        click.echo(record_line(key.record_name, record))


def record_line(name: str, record: str) -> str:
    """Return a TXT record as a line of a master file."""
    return f"{name}. {_TTL_SECONDS} IN TXT {in_strings(record)}"
