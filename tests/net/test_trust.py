"""Whose certificates are believed: those under the authorities in one file, read at once, by DNS names only."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from fakes.private_ca import Leaf, authority
from fakes.web_server import ok, serve_web
from scop.dns import A, Answer, Question, StaticNames
from scop.net.https import NotCertified, WebOptions, fetch_text
from scop.net.trust import web_trust

HOST = "mta-sts.sea.test"
URL = f"https://{HOST}/"


class _Names:
    """Knows one host."""

    async def lookup(self, question: Question) -> Answer:
        """Answer at once."""
        return StaticNames({(HOST, "A"): [A("127.0.0.1")]}).answer(question)


@pytest.fixture
def trust(tmp_path: Path) -> ssl.SSLContext:
    """Trust the private authority; its file is gone afterwards, as it is to a confined cell."""
    file = tmp_path / "authorities.pem"
    file.write_text(authority().pem)
    context = web_trust(str(file))
    file.unlink()
    return context


async def test_trust_believes_the_authorities_of_its_file(trust: ssl.SSLContext) -> None:
    """RFC 5280 §6: a leaf under the authority that was read is believed, without another look at the file."""
    async with serve_web(authority().leaf(HOST).server(), ok(b"hello")) as web:
        assert b"hello" == await fetch_text(URL, WebOptions(_Names(), trust, web.port))


@pytest.mark.parametrize("leaf", [authority("another").leaf(HOST), authority().unnamed_leaf(HOST)])
async def test_trust_believes_nobody_else(trust: ssl.SSLContext, leaf: Leaf) -> None:
    """RFC 8461 §3.3, §4.1: another authority is a stranger, and a name that only the subject bears is none."""
    async with serve_web(leaf.server(), ok(b"hello")) as web:
        with pytest.raises(NotCertified):
            await fetch_text(URL, WebOptions(_Names(), trust, web.port))


def test_trust_wants_tls_1_2(trust: ssl.SSLContext) -> None:
    """RFC 8997: nothing older for mail; and names are checked."""
    assert (ssl.TLSVersion.TLSv1_2, ssl.CERT_REQUIRED, True) == (
        trust.minimum_version,
        trust.verify_mode,
        trust.check_hostname,
    )


def test_trust_without_its_file_is_a_fault(tmp_path: Path) -> None:
    """A file that the configuration names and that is not there must not end in trusting others."""
    with pytest.raises(OSError, match="No such file"):
        web_trust(str(tmp_path / "none.pem"))
