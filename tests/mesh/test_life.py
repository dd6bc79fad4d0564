"""A cell's life: what it says when the kernel cannot hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.mesh import KeptLog, identity_of
from scop.cells import CELL_NAMES, manifest_of
from scop.mesh import life
from scop.mesh.authority import Authority
from scop.mesh.cell import Cell, Place
from scop.mesh.config import Config, Network
from scop.mesh.confine import ConfinementReport, Rules
from scop.mesh.control import Boot
from scop.mesh.rules import rules_of

LACKS = ConfinementReport(3, landlock_network=False, seccomp=True, missing=("This kernel knows no TCP ports.",))


def config_of(*, require_confinement: bool) -> Config:
    """Return a small configuration."""
    network = Network("127.0.0.1")
    return Config("harbor.test", network, hostname="mx.harbor.test", require_confinement=require_confinement)


def cell_and_boot(config: Config, state: Path) -> tuple[Cell, Boot]:
    """Return the filter as it is before confinement."""
    authority = Authority("harbor.test")
    cell = Cell(
        manifest=manifest_of("filter"),
        config=config,
        state=state,
        log=KeptLog().log(),
        inlet=life._NoInlet(),
        identity=identity_of(authority, "filter"),
        places={pipe.peer: Place("127.0.0.1", 21003) for pipe in manifest_of("filter").reaches},
    )
    boot = Boot("filter", config, str(state), authority.leaf("filter"), {}, has_inlet=False, listeners=())
    return cell, boot


def test_life_goes_on_with_less_and_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel lacks a part the cell runs with the rest, and the status has the sentence."""
    monkeypatch.setattr(life, "confine", lambda _rules: LACKS)
    confined = life._confine(*cell_and_boot(config_of(require_confinement=False), tmp_path))
    assert (3, LACKS.missing) == (confined.landlock_abi, confined.missing)


def test_life_ends_where_full_confinement_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`require_confinement = true` refuses to start, with the sentence."""
    monkeypatch.setattr(life, "confine", lambda _rules: LACKS)
    with pytest.raises(PermissionError, match=r"require_confinement = true, but .* knows no TCP ports"):
        life._confine(*cell_and_boot(config_of(require_confinement=True), tmp_path))


@pytest.mark.parametrize(
    ("cell", "connect", "bind", "udp"),
    [
        ("filter", (21003, 21005, 21011), (), False),
        ("keeper", (), (), False),
        ("examiner", (), (), False),
        ("relay", (25, 443, 21001, 21006, 21007, 21009, 21010), (0,), False),
        ("resolver", (53,), (0,), True),
    ],
)
def test_rules_grant_what_the_manifest_names_and_no_more(
    cell: str, connect: tuple[int, ...], bind: tuple[int, ...], udp: bool
) -> None:
    """Ports of the neighbours and of the world; a bound source address only for who dials the world."""
    places = {name: Place("127.0.0.1", 21000 + number) for number, name in enumerate(CELL_NAMES)}
    rules = rules_of(manifest_of(cell), config_of(require_confinement=False), Path("/state"), places, None)
    assert isinstance(rules, Rules)
    assert (connect, bind, udp, ("/state",)) == (rules.connect_ports, rules.bind_ports, rules.udp, rules.write_paths)
