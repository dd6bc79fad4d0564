"""`scop queue tls`: how TLS went with each destination, as it will be reported to them.

Standards: RFC 8460 §4.3 (words).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from scop.cli.shared import ask, config_option, console, json_option, print_json, print_table
from scop.mesh.vocabulary.relay import ReadTlsResults, TlsSessions

__all__ = ["tls"]


@click.command()
@click.option("--day", metavar="YYYY-MM-DD", default="", help="Of this UTC day only, not of the last 30.")
@click.option("--domain", default="", help="With this destination only.")
@config_option
@json_option
def tls(day: str, domain: str, config: Path, as_json: bool) -> None:
    """Show how many TLS sessions succeeded, by destination and policy, and what was in the way of others."""
    _check_day(day)
    found = ask(config, "relay", ReadTlsResults(day, domain.lower()))
    if as_json:
        print_json(found)
        return
    if not found.sessions:
        console.print("no TLS session was counted", markup=False)
        return
    rows = [row for each in found.sessions for row in _rows(each)]
    print_table(("day (UTC)", "destination", "policy", "result", "host", "sessions", "reason"), rows)


def _check_day(day: str) -> None:
    try:
        is_day = not day or date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_day = False
    if not is_day:
        raise click.UsageError(f"--day {day}: write it as YYYY-MM-DD")


def _rows(each: TlsSessions) -> list[tuple[str, ...]]:
    head = each.day, each.domain, each.policy_type
    rows: list[tuple[str, ...]] = []
    if each.successes:
        rows.append((*head, "successful", "", str(each.successes), ""))
    for failed in each.failures:
        host = f"{failed.mx_host} {failed.receiving_address}".strip()
        rows.append((*head, failed.result_type, host, str(failed.sessions), failed.reason))
    return rows
