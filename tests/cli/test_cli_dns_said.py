"""What `scop dns` says to one who runs its servers alone: the thing that is wrong, and what to do there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from fakes.command_line import scop
from fakes.primary_program import key_line, new_key
from scop.cells.primary.signing import SigningOptions, ZoneSigner
from scop.cli.dns.primary_told import PrimaryTold
from scop.cli.dns.query_shown import print_resolved
from scop.cli.dns.signed import one_key
from scop.dns import Question
from scop.dns.resolver import Server
from scop.dns.zone import Zone
from scop.mesh.cell import Life
from scop.mesh.vocabulary.resolver import ResolvedName
from scop.net.clock import SystemClock
from scop.net.dns_datagram import hear_datagram
from scop.net.dns_public import PublicSockets
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

ZONE = "$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 1209600 10\n@ NS ns1\nns1 A 127.0.0.1\n"


@pytest.mark.parametrize("command", ["primary", "resolver"])
def test_said_of_a_busy_port_is_the_option(command: str) -> None:
    """Who runs a server alone has no scop.toml to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = scop("dns", command, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (2, True, False) == (said.status, "another program listens there" in said.err, "scop.toml" in said.err)
    assert "--listen" in said.err


def test_said_of_an_address_of_another_machine_is_the_option() -> None:
    """TEST-NET-1 is nobody's (RFC 5737)."""
    said = scop("dns", "primary", "--listen", "127.0.0.1:0", "--dot", "192.0.2.1:8853")
    assert (2, True, False) == (said.status, "name one of its own by --dot" in said.err, "scop.toml" in said.err)


def test_said_of_a_missing_zone_file_is_its_name(tmp_path: Path) -> None:
    """Without the number of an error."""
    absent = tmp_path / "absent"
    said = scop("dns", "primary", "--listen", "127.0.0.1:0", "--zone", f"harbor.test={absent}")
    assert (2, True, False) == (said.status, f"{absent}: No such file" in said.err, "Errno" in said.err)


def test_said_of_several_keys_is_which_there_are(tmp_path: Path) -> None:
    """Whose names have to be looked up in a file of secrets is no help."""
    file = tmp_path / "keys"
    file.write_text(key_line(new_key("writer")) + key_line(new_key("reader")))
    with pytest.raises(click.UsageError, match="by --key-name which is meant: writer, reader"):
        one_key(file, "")
    with pytest.raises(click.UsageError, match="no key 'nobody', but writer, reader"):
        one_key(file, "nobody")


@pytest.mark.parametrize(
    ("rcode", "security", "words"),
    [
        ("SERVFAIL", "insecure", "a.test. A is SERVFAIL: silence"),
        ("SERVFAIL", "bogus", "a.test. A is SERVFAIL, bogus: silence"),
        ("NOERROR", "insecure", "a.test. A is NOERROR, insecure: silence"),
    ],
)
def test_said_of_what_nobody_answers_is_not_how_sure_it_is(
    rcode: str, security: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """RFC 4033 §5 speaks of answers: where there is none, it is neither secure nor insecure."""
    resolved = ResolvedName(rcode, security, "silence", None, (), (), (), ())
    print_resolved(Question("a.test", "A"), resolved, steps=False)
    assert words in capsys.readouterr().out


async def test_said_of_a_closed_port_is_whose_it_is() -> None:
    """Several servers may be asked: which is down has to be told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        server = Server("127.0.0.1", closed.getsockname()[1])
    with pytest.raises(TemporaryFailure, match=f"127.0.0.1 port {server.port}"):
        await hear_datagram(server, b"?", lambda _octets: None, timeout_seconds=5)


def _forget_key(state: Path) -> None:
    next(state.glob("keys/*/*.pem")).unlink()


def _of_another_version(state: Path) -> None:
    (state / "keys/harbor.test/state.json").write_text('{"version": 99}')


def _no_file(state: Path) -> None:
    for path in state.glob("signatures.sqlite*"):
        path.unlink()
    (state / "signatures.sqlite").mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_forget_key, r"\.pem is missing"),
        (_of_another_version, r"state\.json .* another version"),
        (_no_file, r"signatures\.sqlite: unable to open"),
    ],
)
def test_said_of_a_state_that_cannot_be_used_is_its_file(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    """Above all no other keys are made then: the parent vouches for those that were there (RFC 4035 §5)."""
    signer = ZoneSigner(tmp_path, SigningOptions(), Log("primary", lambda _line: None))
    signer.know(Zone.parse(ZONE, "harbor.test"), 1_795_000_000)
    signer.close()
    spoil(tmp_path)
    (tmp_path / "zone").write_text(ZONE)
    told = PrimaryTold(zones=(f"harbor.test={tmp_path / 'zone'}",), sign=True)
    log = Log("primary", lambda _line: None)
    with pytest.raises(click.UsageError, match=words):
        told.options(PublicSockets([], []), log, SystemClock(), Life(), tmp_path)
