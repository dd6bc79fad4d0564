"""`scop dkim keygen`, `sign` and `verify`: from nothing to a sealed mail, and what is said of a broken one."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from fakes.command_line import Said, scop
from fakes.dkim_keys import ed25519_key, rsa_key
from scop.cli.dkim.keygen import record_line
from scop.dkim import SigningKey, canonical_header, key_to_pem, public_record, sign

MAIL = "From: ann@lagoon.test\nTo: bob@harbor.test\nSubject: tide\n\nHigh water at nine.\n"
WIRE = MAIL.replace("\n", "\r\n").encode()
NOW = 1_790_000_000


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with two keys, their records and the mail."""

    folder: Path

    def file(self, name: str) -> str:
        """Return the path of a file on the desk as a word."""
        return str(self.folder / name)

    def sealed(self, *words: str) -> Said:
        """Seal the mail with both keys."""
        keys = ("--key", self.file("rsa"), "--selector", "rsa", "--key", self.file("ed"), "--selector", "ed")
        return scop("dkim", "sign", "-", "--domain", "lagoon.test", *keys, *words, stdin=MAIL)

    def verified(self, mail: str | bytes, *words: str) -> Said:
        """Check the seals of a mail."""
        (self.folder / "mail").write_bytes(mail if isinstance(mail, bytes) else mail.encode())
        return scop("dkim", "verify", self.file("mail"), "--zone", self.file("zone"), *words)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with the keys of lagoon.test."""
    for name, key in (("rsa", rsa_key()), ("ed", ed25519_key())):
        (tmp_path / name).write_bytes(key_to_pem(key))
    lines = [record_line(key.record_name, public_record(key)) for key in (rsa_key(), ed25519_key())]
    (tmp_path / "zone").write_text("\n".join(lines) + "\n")
    return Desk(tmp_path)


def signatures(said: Said) -> list[dict[str, object]]:
    """Return what --json says of each seal."""
    return cast("dict[str, list[dict[str, object]]]", said.json)["signatures"]


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_cli_dkim_keygen_makes_a_key_that_seals(desk: Desk, algorithm: str) -> None:
    """Its file is for its owner alone, and what it prints is the zone in which its seal is found."""
    place = ("--domain", "Harbor.test", "--selector", "k1")
    made = scop("dkim", "keygen", *place, "--algorithm", algorithm, "--out", desk.file("new"))
    assert (0, 0o600) == (made.status, stat.S_IMODE((desk.folder / "new").stat().st_mode))
    assert made.out.startswith(f'k1._domainkey.harbor.test. 3600 IN TXT "v=DKIM1; k={algorithm}; h=sha256; p=')
    (desk.folder / "zone").write_text(made.out)
    sealed = scop("dkim", "sign", "-", *place, "--key", desk.file("new"), stdin=MAIL)
    assert 0 == desk.verified(sealed.out).status


def test_cli_dkim_keygen_never_overwrites(desk: Desk) -> None:
    """A key that is lost is a domain that cannot be changed quietly; the old file stays as it is."""
    before = (desk.folder / "rsa").read_bytes()
    said = scop("dkim", "keygen", "--domain", "a.test", "--selector", "s", "--out", desk.file("rsa"))
    assert (2, before) == (said.status, (desk.folder / "rsa").read_bytes())
    assert "is there already; name a new file" in said.err


def test_cli_dkim_sign_puts_a_seal_for_each_key_on_top(desk: Desk) -> None:
    """Below them the mail is as it was, with CRLF line ends as it travels."""
    told = cast("dict[str, str]", desk.sealed("--json").json)
    octets, seals = base64.b64decode(told["octets"]), base64.b64decode(told["seals"])
    assert (seals + WIRE, 2) == (octets, seals.count(b"DKIM-Signature:"))
    verified = desk.verified(octets, "--json")
    assert [("pass", "rsa"), ("pass", "ed")] == [(one["result"], one["selector"]) for one in signatures(verified)]


def test_cli_dkim_sign_writes_until_when_the_seal_holds(desk: Desk) -> None:
    """RFC 6376 §3.5, x=: days from now."""
    (one, _) = signatures(desk.verified(desk.sealed("--days", "7").out, "--json"))
    assert 7 * 86_400 == cast("int", one["expires_unix"]) - cast("int", one["signed_unix"])


def test_cli_dkim_verify_tells_who_takes_responsibility(desk: Desk) -> None:
    """A table of the seals, of what they cover, of the questions, and one sentence."""
    said = desk.verified(desk.sealed().out)
    assert (0, "lagoon.test takes responsibility for this mail.") == (said.status, said.out.splitlines()[-1])
    assert "the whole body, from+ sender+ to+ cc+ subject+" in said.out
    assert "rsa._domainkey.lagoon.test" in said.out
    key = public_record(rsa_key())
    assert (True, False) == (key[:90] in said.out, key[110:140] in said.out)  # nobody reads the rest; --json has it


BROKEN: dict[str, tuple[Callable[[str], str], str]] = {
    "changed": (lambda mail: mail.replace("nine", "ten"), "body hash did not verify"),
    "forged": (lambda mail: mail.replace("To: bob", "To: eve"), "signature did not verify"),
    "elsewhere": (lambda mail: mail.replace("d=lagoon.test", "d=harbor.test"), "no key for signature"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_cli_dkim_verify_says_why_no_seal_holds(desk: Desk, how: str) -> None:
    """The answer is no: exit status 1, and the reason beside each seal."""
    change, reason = BROKEN[how]
    said = desk.verified(change(desk.sealed().out))
    assert (1, 2) == (said.status, said.out.count(reason))
    assert "Nobody takes responsibility for this mail: no seal holds." == said.out.splitlines()[-1]


def test_cli_dkim_verify_of_a_mail_without_seals(desk: Desk) -> None:
    """There is nothing to hold: the answer is no, without a question."""
    said = desk.verified(MAIL)
    assert (1, "Nobody takes responsibility for this mail: it has no seal.\n") == (said.status, said.out)


def test_cli_dkim_verify_names_the_risks_of_a_seal_that_holds(desk: Desk) -> None:
    """RFC 6376 §8.2 and §3.6.1: text that anybody may have added, and a key that is being tried out."""
    record = public_record(ed25519_key()).replace("h=sha256", "h=sha256; t=y")
    (desk.folder / "zone").write_text(record_line(ed25519_key().record_name, record) + "\n")
    said = desk.verified(limited(ed25519_key(), WIRE) + b"Pay here.\r\n")
    assert 0 == said.status
    assert "11 octets of the body are not signed; anybody may have added them (l=)" in said.out.replace("\n", "")
    assert "its owner is only testing (t=y)" in said.out.replace("\n", "")


def limited(key: SigningKey, octets: bytes) -> bytes:
    """Seal a mail with l=, as we never do ourselves."""
    unsigned = sign(octets, [key], now=NOW).rpartition(b"\tb=")[0] + b"\tl=21; b="
    unsigned = unsigned.replace(unsigned[unsigned.index(b"h=From") : unsigned.index(b";\r\n\tbh")], b"h=From")
    covered = b"from:ann@lagoon.test\r\n" + canonical_header(unsigned, "relaxed")
    return unsigned + base64.b64encode(key.sign(covered)) + b"\r\n" + octets


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--domain", "lagoon", "--selector", "s", "--key", "rsa"), "write it as harbor.example"),
        (("--domain", "a.test", "--selector", "s/", "--key", "rsa"), "'s/' is no selector"),
        (("--domain", "a.test", "--selector", "s", "--key", "zone"), "no PEM of a private key"),
        (("--domain", "a.test", "--selector", "s", "--key", "nowhere"), "No such file or directory"),
        (("--domain", "a.test", "--selector", "s", "--selector", "t", "--key", "rsa"), "give one selector for each"),
    ],
    ids=["domain", "selector", "no-key", "no-file", "pairs"],
)
def test_cli_dkim_sign_says_what_is_wrong(desk: Desk, words: tuple[str, ...], sentence: str) -> None:
    """One sentence that names the thing and the fix, and exit status 2."""
    said = scop("dkim", "sign", "-", *words[:-1], desk.file(words[-1]), stdin=MAIL)
    assert (2, "", 1) == (said.status, said.out, said.err.count("\n"))
    assert sentence in said.err


def test_cli_dkim_sign_refuses_a_mail_without_author(desk: Desk) -> None:
    """RFC 6376 §5.4: From must be signed, so it must be there."""
    words = ("--domain", "a.test", "--selector", "s", "--key", desk.file("rsa"))
    said = scop("dkim", "sign", "-", *words, stdin="Subject: x\n\ny\n")
    assert (2, True) == (said.status, "a mail without From cannot be sealed" in said.err)


def test_cli_dkim_verify_leaves_open_what_the_dns_does_not_say(desk: Desk) -> None:
    """No answer is not a no: exit status 2, as of all checks of a mail."""
    (desk.folder / "mail").write_bytes(sign(WIRE, (ed25519_key(),), now=NOW) + WIRE)
    said = scop("dkim", "verify", desk.file("mail"), "--server", "127.0.0.1:9")
    assert (2, "") == (said.status, said.err)
    assert said.out.splitlines()[-1].endswith("could not be found out: a key could not be asked for.")


def test_cli_dkim_sign_searches_no_folder_for_mail(desk: Desk) -> None:
    """One mail is sealed at a time: a folder is not read, and nothing in it passed over aloud."""
    words = ("--key", desk.file("ed"), "--domain", "lagoon.test", "--selector", "ed")
    said = scop("dkim", "sign", str(desk.folder), *words)
    assert (2, f"scop: {desk.folder}: is a folder; name a file with one mail\n") == (said.status, said.err)
