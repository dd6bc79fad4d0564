"""How a plan is shown: as a table, as JSON, and as records to copy into a zone that is kept elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TypedDict

from scop.base import printable
from scop.cells.primary.site import policy_of
from scop.cli.dns.planning import Plan
from scop.cli.shared import console, print_table
from scop.dns.rdata import Rdata
from scop.dns.update import Addition, Change, Deletion
from scop.dns.zone.master_file import rdata_text
from scop.dns.zone.plan import Item, Standing
from scop.dns.zone.wanted import TTL_SECONDS
from scop.mesh.config import Config

__all__ = ["change_line", "plan_json", "print_plan"]

MAX_LINE = 5_000
GLANCE_CHARACTERS = 60


class ItemShown(TypedDict):
    """One line of a plan in JSON."""

    purpose: str
    owner: str
    type: str
    standing: str
    wanted: list[str]
    published: list[str]
    fix: list[str]
    take_out: list[str]
    put_in: list[str]
    obstacle: list[str]


def plan_json(plan: Plan, config: Config) -> dict[str, object]:
    """Return a plan for JSON."""
    policy = policy_of(config)
    return {
        "domain": plan.site.domain,
        "ours": plan.is_ours,
        "fine": all(item.standing is Standing.FINE for item in plan.items),
        "items": [_item_json(item) for item in plan.items],
        "mta_sts_policy": policy.to_octets().decode("ascii") if policy else None,
    }


def print_plan(plan: Plan, config: Config) -> None:
    """Print a plan; of a zone that is kept elsewhere also the records to copy."""
    rows = [row for item in plan.items for row in _rows(item)]
    where = "kept by our primary" if plan.is_ours else "kept elsewhere"
    headings = ("for", "name", "type", "is", "wanted", "published", "the fix")
    print_table(headings, rows, title=f"{plan.site.domain}, {where}")
    if not plan.is_ours:
        _print_records(plan.items)
    policy = policy_of(config)
    if policy is not None:
        console.print(f"\nto be served at https://mta-sts.{plan.site.domain}/.well-known/mta-sts.txt:")
        console.print(policy.to_octets().decode("ascii").replace("\r\n", "\n"), markup=False, end="")


def _rows(item: Item) -> Iterator[tuple[str, ...]]:
    """Yield the lines of one item: a value a line, and of what is fine no more than can be seen at a glance."""
    is_fine = item.standing is Standing.FINE
    wanted = _texts(item.wanted.rdatas)
    published = ["the same"] if is_fine and item.published == item.wanted.rdatas else _texts(item.published)
    if is_fine:
        wanted, published = [_short(text) for text in wanted], [_short(text) for text in published]
    fix = [change_line(change) for change in item.changes] or [f"remove first: {line}" for line in _obstacle(item)]
    head = (item.wanted.purpose.value, f"{item.wanted.owner}.", item.wanted.type, item.standing.value)
    for values in itertools.zip_longest(wanted or ["nothing"], published, fix, fillvalue=""):
        yield (*head, *values)
        head = ("", "", "", "")


def _short(text: str) -> str:
    return text if len(text) <= GLANCE_CHARACTERS else f"{text[: GLANCE_CHARACTERS - 1]}…"


def change_line(change: Change) -> str:
    """Return a change as a person reads it."""
    if isinstance(change, Addition):
        return f"+ {_text(change.rdata)}"
    return f"- every {change.type}" if change.rdata is None else f"- {_text(change.rdata)}"


def _print_records(items: Iterable[Item]) -> None:
    each = tuple(items)
    gone = [line for item in each for line in (*_obstacle(item), *_taken_out(item))]
    copied = [line for item in each for line in _put_in(item)]
    for heading, lines in (("to be taken out of the zone:", gone), ("to be put into it:", copied)):
        if lines:
            console.print(f"\n{heading}")
        for line in lines:
            console.print(printable(line, limit=MAX_LINE), markup=False, soft_wrap=True)


def _taken_out(item: Item) -> list[str]:
    """Return the records that have to go, each with its value: whoever keeps the zone may delete one at a time."""
    gone = [each.rdata for each in item.changes if isinstance(each, Deletion)]
    values = item.published if None in gone else [rdata for rdata in gone if rdata is not None]
    return [f"{item.wanted.owner}. IN {rdata.type} {_text(rdata)}" for rdata in values]


def _put_in(item: Item) -> list[str]:
    """Return the records that have to come, or what is wanted once the obstacle is gone, as a master file has them."""
    added = [(each.ttl_seconds, each.rdata) for each in item.changes if isinstance(each, Addition)]
    if item.obstacle is not None:
        added = [(TTL_SECONDS, rdata) for rdata in item.wanted.rdatas]
    return [f"{item.wanted.owner}. {ttl} IN {rdata.type} {_text(rdata)}" for ttl, rdata in added]


def _obstacle(item: Item) -> list[str]:
    found = item.obstacle
    return [f"{found.owner}. IN {found.type} {_text(rdata)}" for rdata in found.rdatas] if found else []


def _item_json(item: Item) -> ItemShown:
    return {
        "purpose": item.wanted.purpose.value,
        "owner": f"{item.wanted.owner}.",
        "type": item.wanted.type,
        "standing": item.standing.value,
        "wanted": _texts(item.wanted.rdatas),
        "published": _texts(item.published),
        "fix": [change_line(change) for change in item.changes],
        "take_out": _taken_out(item),
        "put_in": _put_in(item),
        "obstacle": _obstacle(item),
    }


def _texts(rdatas: Iterable[Rdata]) -> list[str]:
    return [_text(rdata) for rdata in rdatas]


def _text(rdata: Rdata) -> str:
    return rdata_text(rdata)
