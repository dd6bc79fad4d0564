"""`scop dmarc check`: the policy of a domain, and how a mail fares under it, by names in a master file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scop.cli.dmarc import dmarc
from scop.cli.mail_doubts import doubt_line
from scop.dmarc import Doubt, DoubtWord

ZONE = r"""
bank.test. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.bank.test. TXT ("v=DMARC1; p=quarantine; sp=reject; t=y; pct=5; aspf=x; "
  "rua=mailto:r@bank.test,mailto:b@agency.test; ruf=mailto:f@other.test")
bank.test._report._dmarc.agency.test. TXT "v=DMARC1; rua=mailto:bank@agency.test"
news.bank.test. A 192.0.2.10
plain.test. A 192.0.2.1
"""
MAIL = b"From: Ann <ann@bank.test>\r\nSubject: Hello\r\n\r\nHello\r\n"


@pytest.fixture
def zone(tmp_path: Path) -> Path:
    """A master file with all names there are."""
    path = tmp_path / "zone"
    path.write_text(ZONE)
    return path


def check(zone: Path, *words: str) -> Result:
    """Run `scop dmarc check`."""
    return CliRunner().invoke(dmarc, ["check", *words, "--zone", str(zone)])


def test_cli_dmarc_check_shows_the_policy_of_a_domain(zone: Path) -> None:
    """Golden: the record with what was passed over, the organization, alignment, each destination, and the sentence."""
    said = check(zone, "news.bank.test")
    expected = [
        (
            "record at _dmarc.bank.test: p=quarantine; sp=reject; t=y; rua=mailto:r@bank.test,mailto:b@agency.test;"
            " ruf=mailto:f@other.test"
        ),
        "passed over at bank.test: aspf=x is no value of aspf",
        "organizational domain: bank.test",
        "aligned: SPF by the same organization, DKIM by the same organization",
        "reports mailto:r@bank.test: verified to r@bank.test – bank.test is of the same organization",
        "reports mailto:b@agency.test: verified to bank@agency.test – agency.test asks for them at another address",
        "failures mailto:f@other.test: refused – other.test does not ask for reports of bank.test",
    ]
    lines = said.stdout.splitlines()
    assert (0, expected) == (said.exit_code, lines[: len(expected)])
    assert "mail that fails is filed apart under the policy of bank.test (reject is only tested: t=y)" in lines[-1]
    assert any("_dmarc.news.bank.test" in line and "NXDOMAIN" in line for line in lines)


def test_cli_dmarc_check_says_no_where_there_is_no_policy(zone: Path) -> None:
    """Exit status 1, and what that means."""
    said = check(zone, "plain.test")
    assert 1 == said.exit_code
    assert "plain.test: no policy applies, DMARC asks for nothing" == said.stdout.splitlines()[-1]


def test_cli_dmarc_check_tells_programs_the_same(zone: Path) -> None:
    """--json names the policy, each destination and each question."""
    found = json.loads(check(zone, "bank.test", "--json").stdout)
    (one,) = found["domains"]
    assert ("bank.test", "quarantine", "none") == (one["policy_domain"], one["requested"], one["applied"])
    assert ["verified", "verified"] == [to["word"] for to in one["reports"]]
    assert "_dmarc.bank.test" == found["asked"][0]["name"]


def test_cli_dmarc_check_reads_the_author_of_a_mail(zone: Path, tmp_path: Path) -> None:
    """The policy is that of From; who is not clear is said to be so, with status 1."""
    mail = tmp_path / "mail"
    mail.write_bytes(MAIL)
    assert (0, True) == ((said := check(zone, str(mail))).exit_code, "bank.test: mail that fails" in said.stdout)
    mail.write_bytes(b"From: x@plain.test\r\n" + MAIL)
    said = check(zone, str(mail))
    assert 1 == said.exit_code
    meaning = "there is more than one From field, and readers differ in which they show"
    assert f"doubtful: several_from (2 fields) – {meaning}" == said.stdout.splitlines()[0]


@pytest.mark.parametrize("word", DoubtWord)
def test_cli_dmarc_check_explains_every_doubt(word: DoubtWord) -> None:
    """No word of the log stands alone before people."""
    assert doubt_line(Doubt(word, "here")).startswith(f"doubtful: {word} (here) – ")


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [("192.0.2.10", 0, "pass: The author domain bank.test stands behind it"), ("192.0.2.66", 1, "fail: ")],
)
def test_cli_dmarc_check_judges_a_mail(zone: Path, tmp_path: Path, address: str, status: int, words: str) -> None:
    """With --ip the mail passes, or it does not, and one sentence says why."""
    mail = tmp_path / "mail"
    mail.write_bytes(MAIL)
    options = ("--ip", address, "--mail-from", "ann@bank.test", "--helo", "mx.bank.test")
    said = check(zone, str(mail), *options)
    assert status == said.exit_code
    assert said.stdout.splitlines()[-1].startswith(words)
    found = json.loads(check(zone, str(mail), *options, "--json").stdout)
    assert found["sentence"] in said.stdout
    assert ["bank.test"] == found["author_domains"]
    spf = {0: "pass", 1: "fail"}[status]
    assert [("spf", spf, "bank.test")] == [(one["method"], one["result"], one["domain"]) for one in found["checks"]]
    assert ["bank.test", "_dmarc.bank.test"] == [one["name"] for one in found["asked"]][:2]
    assert f"spf: {spf} for bank.test – {found['checks'][0]['reason']}" == said.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("a/b",), "a/b is no file and no domain"),
        (("ann@bank.test",), "ann@bank.test is no file and no domain"),
        (("bank test",), "bank test is no file and no domain"),
        (("absent.eml",), "absent.eml: there is no such file"),
        (("bank.test", "--ip", "192.0.2.1"), "are about a mail, and bank.test is no file"),
        (("/dev/null", "--helo", "x"), "say with --ip from where the mail comes"),
    ],
)
def test_cli_dmarc_check_names_what_is_wrong(zone: Path, words: tuple[str, ...], complaint: str) -> None:
    """Bad input gets one sentence that names it."""
    said = check(zone, *words)
    assert said.exit_code != 0
    assert complaint in " ".join(said.output.replace("│", " ").split())
