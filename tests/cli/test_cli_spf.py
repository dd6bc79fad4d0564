"""`scop spf`: who may send in a name, shown from a master file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from fakes.command_line import scop
from scop.cli.spf import spf

ZONE = r"""
a.test. TXT "v=spf1 ip4:192.0.2.9 include:b.test -all exp=why.a.test"
b.test. TXT "v=spf1 mx ~all"
b.test. MX 10 mx.b.test.
mx.b.test. A 192.0.2.25
why.a.test. TXT "%{i} is none of ours"
broken.test. TXT "v=spf1 ip:192.0.2.1"
"""
PASSING = """\
mailfrom a.test: pass
├── a.test: v=spf1 ip4:192.0.2.9 include:b.test -all exp=why.a.test – policy
├── a.test: ip4:192.0.2.9 – does not match
└── a.test: include:b.test – matches: pass
    ├── b.test: v=spf1 mx ~all – policy
    └── b.test: mx – matches: pass
"""
SENTENCE = "pass: 192.0.2.25 may send from ann@a.test, because include:b.test of a.test matches"


@pytest.fixture
def zone(tmp_path: Path) -> Path:
    """A master file with all names there are."""
    path = tmp_path / "zone"
    path.write_text(ZONE)
    return path


def check(zone: Path, *words: str) -> Result:
    """Run `scop spf check`."""
    return CliRunner().invoke(spf, ["check", *words, "--zone", str(zone)])


def test_cli_spf_check_shows_terms_questions_and_the_sentence_that_decides(zone: Path) -> None:
    """Golden: what was looked at, in order; each question once; why; and the field that a receiver would write."""
    said = check(zone, "192.0.2.25", "--mail-from", "ann@a.test")
    assert (0, True, True) == (said.exit_code, said.stdout.startswith(PASSING), f"\n{SENTENCE}\n" in said.stdout)
    asked = [line.split()[:2] for line in said.stdout.splitlines() if "insecure" in line]
    assert [["a.test", "TXT"], ["b.test", "TXT"], ["b.test", "MX"], ["mx.b.test", "A"]] == asked
    assert "Received-SPF: pass (unknown: include:b.test of a.test matches)" in said.stdout


def test_cli_spf_check_refuses_with_the_owners_words_and_says_how_to_mend_it(zone: Path) -> None:
    """Exit status 1; the explanation is the domain's, the record to publish is ours."""
    said = check(zone, "192.0.2.7", "--mail-from", "<ann@a.test>")
    parts = (
        "fail: 192.0.2.7 may not send from ann@a.test, because -all of a.test matches",
        "the domain says: 192.0.2.7 is none of ours",
        'it would pass by this record at a.test: TXT "v=spf1 ip4:192.0.2.7 ip4:192.0.2.9 include:b.test -all',
    )
    assert (1, []) == (said.exit_code, [part for part in parts if part not in said.stdout]), said.stdout


@pytest.mark.parametrize(
    ("words", "status", "results"),
    [
        (("192.0.2.25", "--mail-from", "a@a.test", "--helo", "mx.b.test"), 0, ["mailfrom pass", "helo none"]),
        (("192.0.2.25", "--mail-from", "<>", "--helo", "b.test"), 0, ["helo pass"]),
        (("192.0.2.1", "--helo", "b.test"), 1, ["helo softfail"]),
        (("2001:db8::1", "--mail-from", "a@broken.test"), 1, ["mailfrom permerror"]),
        (("192.0.2.1", "--mail-from", "a@nowhere.test"), 1, ["mailfrom none"]),
    ],
)
def test_cli_spf_check_judges_each_identity(
    zone: Path, words: tuple[str, ...], status: int, results: list[str]
) -> None:
    """MAIL FROM decides where there is one, else HELO (RFC 7208 §2.4); both are told, also as JSON."""
    said = check(zone, *words, "--json")
    told: dict[str, Any] = json.loads(said.stdout)
    assert (status, results) == (said.exit_code, [f"{one['identity']} {one['result']}" for one in told["checks"]])
    assert all(one["sentence"].startswith(one["result"]) for one in told["checks"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("192.0.2.300", "--helo", "b.test"), "192.0.2.300 is no IPv4 or IPv6 address"),
        (("192.0.2.1",), "say who sends: --mail-from, --helo or both"),
        (("192.0.2.1", "--mail-from", "a b@c"), "--mail-from a b@c: "),
    ],
)
def test_cli_spf_check_names_what_is_wrong(zone: Path, words: tuple[str, ...], reason: str) -> None:
    """Exit status 2 and one sentence."""
    said = check(zone, *words)
    assert (2, True) == (said.exit_code, reason in said.output), said.output


def test_cli_spf_check_that_nobody_answers_could_not_be_done() -> None:
    """A server that is not there is no answer: exit status 2, temperror."""
    words = ["check", "192.0.2.1", "--mail-from", "a@a.test", "--server", "127.0.0.1:1"]
    said = CliRunner().invoke(spf, words)
    assert (2, True) == (said.exit_code, "temperror" in said.output), said.output


def test_cli_spf_received_reads_what_a_mail_bears() -> None:
    """Field by field, the topmost first; what breaks the grammar is read if it can be, and named."""
    mail = (
        b"Received-SPF: pass (mx: x) client-ip=192.0.2.1; helo=h.test;\r\n identity=mailfrom\r\n"
        b"Received-SPF: Fail (x) envelope-from=<a@b.test>\r\nReceived-SPF: what\r\nFrom: a@b.test\r\n\r\nx\r\n"
    )
    said = CliRunner().invoke(spf, ["received", "-", "--json"], input=mail)
    fields = json.loads(said.stdout)["fields"]
    assert (1, ["pass", "fail", None]) == (said.exit_code, [each["result"] for each in fields])
    assert ["", True, True] == [fields[0]["fault"], "wanted at" in fields[1]["fault"], "seven" in fields[2]["fault"]]
    shown = CliRunner().invoke(spf, ["received", "-"], input=mail[: mail.index(b"Received-SPF: Fail")] + b"\r\nx\r\n")
    assert (0, True) == (shown.exit_code, "to the letter" in shown.stdout)
    none = CliRunner().invoke(spf, ["received", "-"], input=b"From: a@b.test\r\n\r\nx\r\n")
    assert (1, "standard input: no Received-SPF field\n") == (none.exit_code, none.stdout)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--server", "127.0.0.1:9"), "give one of them"),
        (("--config", "absent.toml"), "absent.toml: there is no such file"),
    ],
)
def test_cli_spf_check_asks_nobody_where_it_is_not_clear_whom(zone: Path, words: tuple[str, str], reason: str) -> None:
    """Two sources of names, or a mesh that is not there: neither is passed over in silence."""
    source = ("--zone", str(zone)) if words[0] == "--server" else ()
    said = scop("spf", "check", "192.0.2.1", "--mail-from", "ann@a.test", *source, *words)
    assert (2, "", True) == (said.status, said.out, reason in said.err)


@pytest.mark.parametrize("owner", ["@", "www"])
def test_cli_spf_check_reads_no_names_that_count_from_an_unknown_origin(tmp_path: Path, owner: str) -> None:
    """A zone as a name server keeps it says not whose it is: its records would be found under no name."""
    record = 'TXT ( "v=spf1 ; (" ;)\n"-all" )'
    zone = tmp_path / "zone"
    words = ("192.0.2.1", "--mail-from", "ann@a.test", "--zone", str(zone))
    zone.write_text(f"a.test. {record}\n  A 192.0.2.1\n{owner} {record}\n")
    said = scop("spf", "check", *words)
    assert (2, True) == (said.status, f"no $ORIGIN says below which name {owner} is" in said.err)
    zone.write_text(f"$TTL 60\n$ORIGIN a.test.\n{owner} {record}\n")
    assert (1, "") == ((said := scop("spf", "check", *words)).status, said.err)


@pytest.mark.parametrize(
    ("octets", "reason"), [(b"\xff\xfe", "is not text in UTF-8"), (b"; nothing\n", "holds no record")]
)
def test_cli_spf_check_reads_no_names_from_what_holds_none(tmp_path: Path, octets: bytes, reason: str) -> None:
    """The wrong file would say of every name that it does not exist."""
    (tmp_path / "zone").write_bytes(octets)
    said = scop("spf", "check", "192.0.2.1", "--mail-from", "ann@a.test", "--zone", str(tmp_path / "zone"))
    assert (2, "", True) == (said.status, said.out, f"zone: {reason}" in said.err)


def test_cli_spf_check_says_of_a_silent_server_that_it_is_one() -> None:
    """Whoever mistyped the address sees it; the answer is open, so the status is 2."""
    said = scop("spf", "check", "192.0.2.1", "--mail-from", "ann@a.test", "--server", "127.0.0.1:9")
    assert (2, True) == (said.status, "127.0.0.1 port 9 cannot be reached" in said.out)


def test_cli_spf_check_tells_programs_whole_records(tmp_path: Path) -> None:
    """People see the first 300 characters of a record."""
    policy = "v=spf1 " + "ip4:192.0.2.1 " * 40 + "-all"
    (tmp_path / "zone").write_text(f'a.test. TXT "{policy[:200]}" "{policy[200:400]}" "{policy[400:]}"\n')
    words = ("192.0.2.1", "--mail-from", "ann@a.test", "--zone", str(tmp_path / "zone"), "--json")
    (asked,) = cast("dict[str, list[dict[str, list[str]]]]", scop("spf", "check", *words).json)["asked"]
    assert [f'"{policy[:200]}" "{policy[200:400]}" "{policy[400:]}"'] == asked["records"]
