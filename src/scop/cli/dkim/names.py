"""Domains and selectors as a person gives them."""

from __future__ import annotations

import click

from scop.base import RemoteProtocolError
from scop.dkim.signature import parse_host_name

__all__ = ["checked_domain", "checked_selector"]


def checked_domain(value: str) -> str:
    """Return --domain as A-labels in lower case; raises `click.ClickException` with the fix."""
    try:
        return parse_host_name("d", value)
    except RemoteProtocolError:
        raise click.ClickException(f"--domain {value!r} is no domain; write it as harbor.example") from None


def checked_selector(value: str) -> str:
    """Return --selector in lower case; raises `click.ClickException` with the fix."""
    try:
        return parse_host_name("s", value)
    except RemoteProtocolError:
        raise click.ClickException(
            f"--selector {value!r} is no selector; letters, digits and hyphens make one, such as rsa-20270115"
        ) from None
