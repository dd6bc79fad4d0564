"""Names on the command line of `scop smtp serve`: checked before anything is served; a slip names its option."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

import click

from scop.smtp import Mailbox

__all__ = ["checked_domains", "checked_name", "checked_networks", "read_users"]

_NAME = re.compile(r"[!-~]{1,255}")  # what may stand in a greeting: a domain or an address literal


def checked_name(option: str, name: str) -> str:
    """Return what a server may call itself, or nothing."""
    if name and not _NAME.fullmatch(name):
        raise click.UsageError(f"{option} {name}: write a domain or an address literal, without spaces")
    return name


def checked_domains(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Return domains, all of which are some."""
    for domain in domains:
        try:
            Mailbox("postmaster", domain)
        except ValueError:
            raise click.UsageError(f"--domain {domain}: write it as example.org") from None
    return domains


def checked_networks(option: str, networks: tuple[str, ...]) -> tuple[str, ...]:
    """Return networks, all of which are some."""
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as fault:
            raise click.UsageError(f"{option} {network}: {fault}; write it as 192.0.2.0/24 or 2001:db8::/32") from None
    return networks


def read_users(path: Path | None) -> tuple[str, ...] | None:
    """Return the users that a file names, None where everybody exists."""
    if path is None:
        return None
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as fault:
        raise click.UsageError(f"--users {path}: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"--users {path}: not UTF-8; save it as UTF-8") from None
    for number, line in enumerate(lines, 1):
        if "@" in line:
            try:
                Mailbox.parse(line)
            except ValueError as fault:
                raise click.UsageError(f"--users {path}, line {number}: {line}: {fault}") from None
        elif len(line.split()) > 1:
            raise click.UsageError(f"--users {path}, line {number}: {line}: one address or name a line")
    if not any(lines):
        raise click.UsageError(f"--users {path}: names nobody; leave --users out to take mail for everybody")
    return tuple(line for line in lines if line)
