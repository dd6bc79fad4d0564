"""`[primary]`: the remote of the zones' history, and what the primary may touch to get there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cells.primary.manifest import MANIFEST
from scop.cells.resolver.manifest import MANIFEST as RESOLVER
from scop.mesh.cell import Place
from scop.mesh.config import Config, Network
from scop.mesh.config.primary import Primary, RemotePlace
from scop.mesh.confine import Rules
from scop.mesh.manifest import Manifest
from scop.mesh.rules import rules_of


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("", None),
        ("/srv/zones.git", RemotePlace(folder="/srv/zones.git")),
        ("file:///srv/zones.git", RemotePlace(folder="/srv/zones.git")),
        ("ssh://git@host.test/zones.git", RemotePlace(host="host.test", port=22)),
        ("ssh://git@[2001:db8::1]:2222/zones.git", RemotePlace(host="2001:db8::1", port=2222)),
        ("https://host.test/zones.git", RemotePlace(host="host.test", port=443)),
        ("git://host.test/zones.git", RemotePlace(host="host.test", port=9418)),
    ],
)
def test_remote_is_a_folder_or_a_host(written: str, place: RemotePlace | None) -> None:
    """Each way to write a repository says where it is, with the port of its protocol."""
    assert place == Primary(remote=written).remote_place


@pytest.mark.parametrize(
    "written", ["zones.git", "http://host.test/x", "ext::sh", "ssh:///x", "https://ada:token@host.test/x", "host:zones"]
)
def test_remote_that_cannot_be_meant_is_refused(written: str) -> None:
    """No relative path, nothing in the clear, no command, and no secret in the configuration."""
    with pytest.raises(ValueError, match="remote: "):
        Primary(remote=written)


def rules(remote: str, manifest: Manifest = MANIFEST) -> Rules:
    """Return what a cell may touch."""
    config = Config(domain="harbor.test", network=Network("127.0.0.1"), primary=Primary(remote=remote))
    places = {pipe.peer: Place("127.0.0.1", 21000) for pipe in manifest.reaches}
    return rules_of(manifest, config, Path("/state"), places, None)


def test_primary_may_touch_its_remote_and_no_more() -> None:
    """A folder is one more to write; a host is one more port, and the files in which hosts are found."""
    without, folder, host = rules(""), rules("/srv/zones.git"), rules("ssh://git@host.test/x")
    assert ("/state", "/srv/zones.git") == folder.write_paths
    assert (without.connect_ports, without.read_paths) == (folder.connect_ports, folder.read_paths)
    assert {22} == set(host.connect_ports) - set(without.connect_ports)
    assert "/etc/resolv.conf" in set(host.read_paths) - set(without.read_paths)
    assert ("/state",) == host.write_paths == without.write_paths


def test_other_cells_may_not_dial_the_remote() -> None:
    """The remote is the primary's alone."""
    assert rules("", RESOLVER) == rules("ssh://git@host.test/x", RESOLVER)
