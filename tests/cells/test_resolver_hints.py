"""Root hints, stub and forward zones out of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cells.resolver.hints import INTERNET_ROOTS, configured_zones, read_root_hints
from scop.dns.asking import Server
from scop.dns.resolver.options import Way, Zone
from scop.mesh.config import Resolver

HINTS = """\
; the root of a small world
.                        3600 IN NS  A.Root.
.                             NS  b.root.   ; another
a.root.                  3600    A   127.0.30.1
b.root.                          AAAA 2001:DB8:0::1
stranger.                3600    A   127.0.30.9
"""


def written(folder: Path, text: str) -> Path:
    """Return a file with this text."""
    path = folder / "root.hints"
    path.write_text(text)
    return path


def test_resolver_hints_are_the_addresses_of_the_roots_servers(tmp_path: Path) -> None:
    """Of names that serve the root, both families; TTL and class may stand between."""
    assert ("127.0.30.1", "2001:db8::1") == read_root_hints(written(tmp_path, HINTS))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (". NS a.root.\na.root. A 127.0.30.999\n", "line 2: "),
        (". NS a.root.\n\na.root. A\n", "line 3: wants `name"),
        (". NS a..root.\n", "line 1: a label of"),
        (". 3600 CH NS a.root.\n", "line 1: wants `name"),
        ("test. NS ns.test.\n", "line 1: NS at 'test.' is no hint"),
        (". MX mx.test.\n", "line 1: MX at '.' is no hint"),
        (". NS a.root.\n", "no address of a name server of the root"),
        ("", "no address of a name server of the root"),
    ],
)
def test_resolver_hints_that_are_wrong_are_refused_with_file_and_line(tmp_path: Path, text: str, reason: str) -> None:
    """Who wrote the file learns where to look."""
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=r"root\.hints") as caught:
        read_root_hints(path)
    assert reason in str(caught.value)


def test_resolver_hints_that_are_not_there_are_refused(tmp_path: Path) -> None:
    """The file is named, and what the system says."""
    with pytest.raises(ValueError, match=r"absent.hints: the root hints cannot be read: No such file"):
        read_root_hints(tmp_path / "absent.hints")


def test_resolver_knows_the_thirteen_roots_of_the_internet() -> None:
    """From a to m, each once."""
    assert 13 == len(set(INTERNET_ROOTS))


def test_resolver_zones_have_servers_with_or_without_a_port() -> None:
    """Stub zones' servers are asked as authorities, forward zones' as resolvers."""
    config = Resolver(
        stub={"Corp.TEST.": ("127.0.0.1", "[2001:db8::2]:5300")}, forward={".": ("127.0.0.2@5300", "127.0.0.3")}
    )
    assert (
        Zone("corp.test", (Server("127.0.0.1", 53), Server("2001:db8::2", 5300)), Way.STUB),
        Zone("", (Server("127.0.0.2", 5300), Server("127.0.0.3", 53)), Way.FORWARD),
    ) == configured_zones(config, 53)


def test_resolver_zones_that_are_no_names_are_refused() -> None:
    """The section and the key are named."""
    with pytest.raises(ValueError, match=r"\[resolver\] forward: "):
        configured_zones(Resolver(forward={"a..test": ("127.0.0.1",)}), 53)
