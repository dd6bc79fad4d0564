"""`scop dkim sign`: seals a mail with keys from files, one signature for each."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from scop.base.days import DAY_SECONDS
from scop.cli.dkim.names import checked_domain, checked_selector
from scop.cli.mail_files import on_the_wire
from scop.cli.mail_read import file_argument, mails_in
from scop.cli.shared import json_option, print_json
from scop.dkim import SigningKey, key_from_pem
from scop.dkim import sign as seal

__all__ = ["sign"]


@click.command()
@file_argument
@click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="A private key, RSA or Ed25519; repeat for more.",
)
@click.option("--domain", required=True, help="Who takes responsibility, d=.")
@click.option("--selector", "selectors", required=True, multiple=True, help="Of each key, in their order, s=.")
@click.option("--days", type=click.IntRange(min=0), default=0, help="How long the seal holds, x=.  [default: for ever]")
@json_option
def sign(file: str, keys: tuple[Path, ...], domain: str, selectors: tuple[str, ...], days: int, as_json: bool) -> None:
    """Seal a mail; it goes to standard output as it travels, with CRLF line ends, its seals on top.

    Each seal covers the whole body and the fields that a reader is shown, also against a second one of the same name.
    With --json octets are in base64.
    """
    signers = _signers(keys, domain, selectors)
    if Path(file).is_dir():
        raise click.ClickException(f"{file}: is a folder; name a file with one mail")
    mails = list(mails_in(file))
    if len(mails) != 1:
        raise click.ClickException(f"{file}: holds {len(mails)} mails; name a file with one")
    octets = on_the_wire(mails[0][0].octets)
    try:
        seals = seal(octets, signers, now=time.time(), lifetime_seconds=days * DAY_SECONDS)
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from None
    if as_json:
        names = [signer.record_name for signer in signers]
        print_json({"keys": names, "seals": seals, "size_octets": len(seals + octets), "octets": seals + octets})
        return
    sys.stdout.buffer.write(seals + octets)
    sys.stdout.buffer.flush()


def _signers(keys: tuple[Path, ...], domain: str, selectors: tuple[str, ...]) -> tuple[SigningKey, ...]:
    if len(keys) != len(selectors):
        raise click.UsageError(f"{len(keys)} --key and {len(selectors)} --selector; give one selector for each key")
    name = checked_domain(domain)
    return tuple(
        _signer(name, checked_selector(selector), path) for path, selector in zip(keys, selectors, strict=True)
    )


def _signer(domain: str, selector: str, path: Path) -> SigningKey:
    try:
        return key_from_pem(domain, selector, path.read_bytes())
    except OSError as error:
        raise click.ClickException(f"--key {path}: {error.strerror}; `scop dkim keygen` makes one") from None
    except (ValueError, TypeError) as error:  # what a library says of a password that is missing is a TypeError
        reason = (
            str(error) if str(error).startswith(("RSA key", "neither")) else "no PEM of a private key without password"
        )
        raise click.ClickException(f"--key {path}: {reason}; `scop dkim keygen` makes one") from None
