"""`scop mail verify`: a picture of what our verifier would find out, and the sentence that decides."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from fakes.command_line import scop
from fakes.dkim_keys import ed25519_key
from scop.dkim import public_record, sign

ZONE = f"""\
$ORIGIN lagoon.test.
@ TXT "v=spf1 ip4:192.0.2.1 include:_spf.lagoon.test -all"
_spf TXT "v=spf1 ip4:203.0.113.0/24 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@lagoon.test"
ed._domainkey TXT "{public_record(ed25519_key())}"
"""
MAIL = b"From: Ceo <ceo@lagoon.test>\r\nTo: bob@harbor.test\r\nSubject: Hello\r\n\r\nText\r\n"
NOW = 1_700_000_000

GENUINE = """\
mail.eml from 192.0.2.1, HELO mx.lagoon.test, MAIL FROM <ceo@lagoon.test>
├── author: lagoon.test
├── SPF of MAIL FROM: pass for lagoon.test – ip4:192.0.2.1 of lagoon.test matches
│   ├── ? lagoon.test TXT (insecure): "v=spf1 ip4:192.0.2.1 include:_spf.lagoon.test -all"
│   ├── lagoon.test: v=spf1 ip4:192.0.2.1 include:_spf.lagoon.test -all – policy
│   └── lagoon.test: ip4:192.0.2.1 – matches: pass
├── SPF of HELO: none for mx.lagoon.test – mx.lagoon.test has no policy
│   └── ? mx.lagoon.test TXT (insecure): (NXDOMAIN)
├── DKIM: 1 signature
│   ├── pass d=lagoon.test s=ed ed25519-sha256
│   └── ? ed._domainkey.lagoon.test TXT (insecure): "KEY"
├── ARC: none
├── iprev: permerror – the address has no name
│   └── ? 1.2.0.192.in-addr.arpa PTR (insecure): (NXDOMAIN)
└── DMARC: pass – lagoon.test under the policy of lagoon.test; names are insecure
    ├── ? _dmarc.lagoon.test TXT (insecure): "v=DMARC1; p=reject; rua=mailto:dmarc@lagoon.test"
    ├── policy of lagoon.test for lagoon.test: reject; asked of us: none
    ├── aligned: spf lagoon.test
    └── aligned: dkim lagoon.test
delivered: The author domain lagoon.test stands behind it: SPF for lagoon.test and DKIM for lagoon.test pass and are \
aligned.
"""


@pytest.fixture
def zone(tmp_path: Path) -> str:
    """Write all the names there are."""
    path = tmp_path / "zone"
    path.write_text(ZONE)
    return str(path)


def _from_lagoon(file: str, zone: str, *words: str) -> tuple[str, ...]:
    sending = ("--ip", "192.0.2.1", "--helo", "mx.lagoon.test", "--mail-from", "ceo@lagoon.test")
    return "mail", "verify", file, *sending, "--zone", zone, *words


def test_verify_draws_each_check_its_questions_and_what_decides(tmp_path: Path, zone: str) -> None:
    """A person sees why the mail is believed: results, policies, records and one sentence."""
    (tmp_path / "mail.eml").write_bytes(sign(MAIL, (ed25519_key(),), now=NOW) + MAIL)
    done = scop(*_from_lagoon(str(tmp_path / "mail.eml"), zone))
    assert (0, "") == (done.status, done.err)
    assert GENUINE == done.out.replace(public_record(ed25519_key()), "KEY")


def test_verify_says_why_a_forged_mail_is_refused(tmp_path: Path, zone: str) -> None:
    """The answer is no: exit status 1, and the reply that the forger would get."""
    (tmp_path / "mail.eml").write_bytes(MAIL.replace(b"\r\n", b"\n"))
    words = ("--ip", "198.51.100.66", "--helo", "forger.test", "--mail-from", "<me@forger.test>", "--zone", zone)
    done = scop("mail", "verify", str(tmp_path / "mail.eml"), *words)
    assert 1 == done.status
    assert (
        "refused (550 5.7.1): The DMARC policy of lagoon.test (reject) refuses it: SPF is none for forger.test; "
        "there is no DKIM signature of lagoon.test." == done.out.splitlines()[-1]
    )


def test_verify_tells_programs_the_same(zone: str) -> None:
    """With --json every result stands with its reason and its questions; the mail may come by standard input."""
    found = cast(dict[str, dict[str, object]], scop(*_from_lagoon("-", zone, "--json"), stdin=MAIL.decode()).json)
    assert ("pass", "none", "none", "pass", "deliver") == (
        found["spf"]["result"],
        found["helo_spf"]["result"],
        found["arc"]["result"],
        found["dmarc"]["result"],
        str(found["decision"]),
    )
    assert {"signatures": [], "asked": []} == found["dkim"]
    assert {"p": "reject", "rua": "mailto:dmarc@lagoon.test"} == found["dmarc"]["tags"]
    (asked,) = cast(list[dict[str, object]], found["dmarc"]["asked"])
    assert ("_dmarc.lagoon.test", "TXT", "NOERROR", "insecure") == (
        asked["name"],
        asked["type"],
        asked["rcode"],
        asked["security"],
    )


def test_verify_trusts_whom_the_configuration_trusts(tmp_path: Path, zone: str) -> None:
    """`[verifier] allow` counts here as in the mesh, and the picture says so."""
    done = scop("init", "harbor.test", "--address", "127.0.0.1", "--folder", str(tmp_path / "h"))
    assert 0 == done.status
    config = tmp_path / "h" / "scop.toml"
    config.write_text(config.read_text() + '\n[verifier]\nallow = ["198.51.100.0/24"]\n')
    words = ("--ip", "198.51.100.66", "--zone", zone, "--config", str(config))
    done = scop("mail", "verify", "-", *words, stdin=MAIL.decode())
    assert 0 == done.status
    assert "put aside: trusted_forwarder the client is on our list" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ip", "192.0.2"), "--ip '192.0.2' is no address"),
        (("--ip", "192.0.2.1", "--mail-from", "ceo"), "--mail-from 'ceo' is no reverse-path"),
        (("--ip", "192.0.2.1", "--server", "ns.test"), "--server"),
        ((), "--ip"),
    ],
    ids=["ip", "mail-from", "server", "no-ip"],
)
def test_verify_names_the_wrong_word(words: tuple[str, ...], said: str) -> None:
    """Bad input gets one sentence with the word and the fix, and exit status 2."""
    done = scop("mail", "verify", "-", *words, stdin=MAIL.decode())
    assert 2 == done.status
    assert said in done.err


def test_verify_names_the_line_of_a_zone_that_is_none(tmp_path: Path) -> None:
    """A record that cannot be read is named by file and line."""
    (tmp_path / "zone").write_text("$ORIGIN lagoon.test.\n@ TXT x\n@ MX nonsense\n")
    done = scop(*_from_lagoon("-", str(tmp_path / "zone")), stdin=MAIL.decode())
    assert 2 == done.status
    assert f"{tmp_path / 'zone'}: line 3" in done.err


ODD = (
    b"From: \xff\x1b[31m <a@\xfflagoon.test>\r\nDKIM-Signature: v=1; d=\xff\x00; s=\xed\xa0\x80\r\n"
    b"ARC-Seal: \xff\r\n\r\n"
)


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["people", "programs"])
def test_verify_shows_what_no_terminal_should_get(tmp_path: Path, zone: str, words: tuple[str, ...]) -> None:
    """Octets that are no text and controls of a terminal are escaped, for people and for programs."""
    (tmp_path / "odd.eml").write_bytes(ODD)
    sending = ("--ip", "2001:db8::1", "--helo", "\udcff[bold]\x1b", "--zone", zone)
    done = scop("mail", "verify", str(tmp_path / "odd.eml"), *sending, *words)
    assert (1, "") == (done.status, done.err)
    assert "\x1b" not in done.out
    assert "[bold]" in done.out
