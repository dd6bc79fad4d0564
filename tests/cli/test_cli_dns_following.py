"""Records that follow the public address: every round looks, changes what differs, and says so once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
import pytest

from scop.cells.primary.site import ADDRESS_KEY, WRITTEN_BY, plan_grants
from scop.cli.dns import addresses
from scop.cli.dns.addresses import address_source
from scop.cli.dns.following import Follower
from scop.cli.dns.planning import Way, key_of
from scop.dns.rdata import CNAME
from scop.dns.rrset import RRset
from scop.dns.tsig import TsigKey, Verifier
from scop.dns.words import Rcode
from scop.dns.zone import Zone
from scop.dns.zone.answer import header_reply
from scop.dns.zone.update import apply_update
from scop.dns.zone.wanted import DkimKey, Wanted
from scop.net.clock import SystemClock
from scop.net.faults import TemporaryFailure
from scop.supervisor.config_file import read_config
from scop.supervisor.founding import Founding, found

R = TypeVar("R")
DOMAIN, HOST = "harbor.test", "mx.harbor.test"


@dataclass
class Server:
    """A primary in memory, that takes what the key may write."""

    config: Path
    key: TsigKey
    zone: Zone
    is_up: bool = True
    updates: int = 0

    async def dkim(self) -> tuple[DkimKey, ...]:
        """Return no key."""
        return ()

    async def published(self, domain: str, wanted: Iterable[Wanted]) -> tuple[dict[tuple[str, str], RRset], bool]:
        """Return the zone."""
        if not self.is_up:
            raise TemporaryFailure("no mesh is up here")
        return {(rrset.owner, rrset.type): rrset for rrset in self.zone.rrsets()}, True

    async def update(self, octets: bytes) -> bytes:
        """Judge an UPDATE as the primary does."""
        now_unix = int(SystemClock().unix())
        opened = Verifier((self.key,)).open(octets, now_unix)
        grants = plan_grants(read_config(self.config), self.key.name, WRITTEN_BY[ADDRESS_KEY])
        outcome = apply_update(self.zone, opened.message, grants)
        self.zone = outcome.zone
        self.updates += 1
        return opened.seal(header_reply(opened.message, outcome.rcode), now_unix)

    def through(self, work: Callable[[Way], Awaitable[R]], /) -> R:
        """Do something by this way."""

        async def main() -> R:
            return await work(self)

        return asyncio.run(main())

    def lines(self, owner: str = HOST) -> set[str]:
        """Return the records of a name as text, without TTL."""
        return {line.split(" ", 3)[3] for line in self.zone.to_text().splitlines() if line.startswith(f"{owner}. ")}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """Return the primary of a mesh that was just founded."""
    config = found(Founding(DOMAIN, "127.0.20.1"), tmp_path)
    zone = Zone.parse((tmp_path / f"state/primary/{DOMAIN}.zone").read_text(), DOMAIN)
    return Server(config, key_of(tmp_path / ADDRESS_KEY), zone)


def follower(server: Server, *addresses: str) -> Follower:
    """Return a follower of given addresses."""
    return Follower(server.through, server.config, lambda: addresses, server.key, as_json=True)


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Return what was told since."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_follower_changes_nothing_where_all_is_right(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """It says once what it follows, and sends nothing."""
    it = follower(server, "127.0.20.1")
    it.round()
    it.round()
    assert (0, [{"event": "following", "addresses": ["127.0.20.1"], "changes": []}]) == (server.updates, told(capsys))


def test_follower_moves_address_and_spf(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """A, AAAA and both SPF records follow in one UPDATE, under a later serial, and nothing else changes."""
    follower(server, "192.0.2.7", "2001:db8::7").round()
    spf = 'TXT "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"'
    assert {"A 192.0.2.7", "AAAA 2001:db8::7", spf} == server.lines()
    assert spf in server.lines(DOMAIN)
    assert (1, 2) == (server.updates, server.zone.serial)
    assert 1 == len(told(capsys))
    follower(server, "127.0.20.1").round()
    assert {"A 127.0.20.1", 'TXT "v=spf1 ip4:127.0.20.1 -all"'} == server.lines()


def test_follower_makes_up_for_a_round_that_failed(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """A mesh that is down is told once, and the change is made when it is back."""
    it = follower(server, "192.0.2.7")
    server.is_up = False
    it.round()
    it.round()
    server.is_up = True
    it.round()
    assert "A 192.0.2.7" in server.lines()
    assert ["trouble", "following"] == [line["event"] for line in told(capsys)]


def test_follower_changes_nothing_for_want_of_an_address(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """A source that knows no address is trouble, and no reason to take the host out of the world."""
    source = address_source("command:true", server.config)
    Follower(server.through, server.config, source, server.key, as_json=True).round()
    assert (0, "trouble") == (server.updates, told(capsys)[0]["event"])


def test_follower_tells_what_is_in_its_way(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a person made the host an alias, an UPDATE would do nothing and be answered NOERROR."""
    alias = RRset(HOST, "CNAME", 300, (CNAME("elsewhere.test"),))
    server.zone = Zone(DOMAIN, {**server.zone.nodes, HOST: {"CNAME": alias}})
    follower(server, "192.0.2.7").round()
    (line,) = told(capsys)
    assert (0, "trouble", True) == (server.updates, line["event"], "beside CNAME" in str(line["reason"]))


def test_follower_tells_of_a_refusal(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that does not take the key's UPDATE is told with its word."""
    another = TsigKey(server.key.name, b"other")
    Follower(server.through, server.config, lambda: ("192.0.2.7",), another, as_json=True).round()
    assert "trouble" == told(capsys)[0]["event"]


def test_key_of_the_address_may_write_nothing_else(server: Server) -> None:
    """The key that runs unattended cannot lead mail elsewhere (RFC 2136 §3.3)."""
    from scop.cli.dns.planning import send_changes
    from scop.dns.rdata import MX
    from scop.dns.update import Addition

    rcode = server.through(lambda way: send_changes(way, DOMAIN, [Addition(DOMAIN, 60, MX(1, "a.test"))], server.key))
    assert (Rcode.REFUSED, 1) == (rcode, server.zone.serial)


def test_address_source_of_a_command() -> None:
    """Each word that the command prints is an address; link-local ones are nobody's public address."""
    source = address_source("command:echo 192.0.2.1 2001:DB8::1 fe80::1 192.0.2.1", Path())
    assert ("192.0.2.1", "2001:db8::1") == source()


def test_address_source_leaves_out_what_nobody_reaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an interface: no privacy address that is gone tomorrow, none that another host has, none on its way out."""
    lines = [f"20010db8{n:024x} 02 40 00 {flags:02x} zone0\n" for n, flags in enumerate((0x80, 0x01, 0x08, 0x20, 0x40))]
    (tmp_path / "if_inet6").write_text("".join(lines))
    monkeypatch.setattr(addresses, "_IF_INET6", tmp_path / "if_inet6")
    assert ("2001:db8::",) == address_source("interface:zone0", Path())()


def test_address_source_prefers_what_the_world_reaches() -> None:
    """A private address beside a public one is not published."""
    assert ["8.8.8.8", "2600::1"] == addresses._public(["192.168.1.2", "8.8.8.8", "fd00::1", "2600::1"])
    assert ["192.168.1.2"] == addresses._public(["192.168.1.2"])


def test_address_source_may_stand_in_the_configuration(server: Server) -> None:
    """So that `plan`, `apply` and `plan --watch` agree on the address."""
    server.config.write_text(server.config.read_text() + '[publish]\naddress_from = "command:echo 192.0.2.9"\n')
    assert ("192.0.2.9",) == address_source("", server.config)()


@pytest.mark.parametrize("command", ["echo 0.0.0.0", "echo ff02::1", "echo '"])
def test_address_source_refuses_what_is_nobodys(command: str) -> None:
    """What cannot be a host's address is named with where it came from."""
    with pytest.raises(ValueError, match="command:echo"):
        address_source(f"command:{command}", Path())()


@pytest.mark.parametrize("command", ["false", "echo here", "sleep", "/nonexistent"])
def test_address_source_of_a_command_that_fails(command: str) -> None:
    """A command that fails or says something else is an error and no address."""
    with pytest.raises((ValueError, OSError)):
        address_source(f"command:{command}", Path())()


def test_address_source_of_an_interface() -> None:
    """The addresses of an interface are read from the kernel; one that is not there has none."""
    assert "127.0.0.1" in address_source("interface:lo", Path())()
    with pytest.raises(ValueError, match="0 usable"):
        address_source("interface:none0", Path())()


def test_address_source_of_the_configuration_is_read_anew(server: Server) -> None:
    """What a person writes into scop.toml is followed without a restart."""
    source = address_source("", server.config)
    assert ("127.0.20.1",) == source()
    server.config.write_text(server.config.read_text() + '[publish]\naddresses = ["192.0.2.9"]\n')
    assert ("192.0.2.9",) == source()


@pytest.mark.parametrize("text", ["eth0", "interface:", "command:", "web:http://x.test"])
def test_address_source_that_cannot_be_meant(text: str) -> None:
    """Another word is refused with the forms that there are."""
    with pytest.raises(click.UsageError, match="interface:NAME or command:WORDS"):
        address_source(text, Path())
