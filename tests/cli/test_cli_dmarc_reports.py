"""`scop dmarc reports`: who sends as us, what came and went, and sending now, for a person and for a program."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from scop.cli.dmarc.bar_chart import HEIGHT, WIDTH, Bar, png_chart
from scop.cli.dmarc.reports import reports
from scop.cli.dmarc.reports_shown import every_day
from scop.mesh.vocabulary.reporter import (
    ArrivedReport,
    CountedDomain,
    ReadReport,
    ReadReports,
    ReadSenders,
    ReportPage,
    Reports,
    ReportsMade,
    SenderDay,
    Senders,
    SendingSource,
    SendReports,
    SentLetter,
    SentReport,
    Unsent,
)


def source(address: str, mails: int, *, failed: int = 0) -> SendingSource:
    """Return a source that sent so many mails, some of which were nobody's."""
    return SendingSource(
        address,
        "mx.shop.test",
        mails,
        mails - failed,
        0,
        failed,
        0,
        failed,
        ("harbor.test",),
        ("shop.test",),
        ("lagoon.test",),
        "2026-11-26",
        "2026-11-28",
    )


DAYS = (SenderDay("2026-11-26", 12, 0), SenderDay("2026-11-28", 3, 4))
SENDERS = Senders(DAYS, (source("192.0.2.1", 15), source("192.0.2.9", 4, failed=4)), 3, 2, 1)
ARRIVED = ArrivedReport(
    *(1, 1_795_867_200.0, "0123456789ab", "lagoon.test", True, "Report Domain: harbor.test", "read", "aggregate"),
    *("lagoon.test", "r1", "harbor.test", 1_795_824_000, 1_795_910_399, 7, ""),
)
LETTER = SentLetter("reports@lagoon.test", "waiting", 2, 1_795_867_260.0, "0123456789ac", "451 4.3.0 Try again later")
HTTPS = SentLetter("https://lagoon.test/r", "unsupported", 0, None, "", "")
SENT = SentReport(
    1, "aggregate", "lagoon.test", "r2", 1_795_824_000, 1_795_867_200, 3, 1_795_867_200.0, (LETTER, HTTPS)
)
XML = b"""<feedback><report_metadata><org_name>lagoon.test</org_name><email>r@lagoon.test</email>
<report_id>r1</report_id>
<date_range><begin>1795824000</begin><end>1795910399</end></date_range></report_metadata>
<policy_published><domain>harbor.test</domain><p>reject</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>7</count><policy_evaluated><disposition>none</disposition>
<dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>harbor.test</header_from>
</identifiers><auth_results><dkim><domain>harbor.test</domain><selector>s1</selector><result>pass</result></dkim>
</auth_results></record></feedback>"""
ANSWERS: dict[type, object] = {
    ReadSenders: SENDERS,
    ReadReports: Reports((ARRIVED,), (SENT,), (CountedDomain("tls", "2026-11-28", "sea.test", 5),)),
    ReadReport: ReportPage(arrived=ARRIVED, octets=XML, size_octets=len(XML)),
    SendReports: ReportsMade((SENT,), (Unsent("tls", "sea.test", "sea.test asks for no TLS reports"),)),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Answer in place of the reporter, and keep what it was asked."""
    questions: list[object] = []

    def ask(_config: Path, cell: str, question: object) -> object:
        assert cell == "reporter"
        questions.append(question)
        return ANSWERS[type(question)]

    monkeypatch.setattr("scop.cli.dmarc.reports.ask", ask)
    return questions


def run(*words: str) -> Result:
    """Run `scop dmarc reports` with these words."""
    return CliRunner().invoke(reports, words, env={"COLUMNS": "200"})


def test_cli_reports_shows_days_and_sources(asked: list[object]) -> None:
    """Bars over time, also of days without mail, then a line for each source, and what is left out."""
    said = run()
    assert (0, [ReadSenders()]) == (said.exit_code, asked)
    lines = said.output.splitlines()
    assert ["2026-11-26", "2026-11-27", "2026-11-28"] == [line[:10] for line in lines[:3]]
    assert lines[0].endswith(f"{'█' * 60} 12 passed")
    assert lines[2].endswith(f"{'█' * 15}{'█' * 20} 3 passed, 4 failed")
    for words in (
        "mx.shop.test",
        "harbor.test",
        "shop.test",
        "… and 1 more sources",
        "15 mails passed as us, 4 failed",
    ):
        assert words in said.output
    assert "1 report without proof of who sent them" in said.output


@pytest.mark.parametrize("columns", [20, 32, 80, 120])
def test_cli_reports_leave_room_for_the_figures(
    asked: list[object], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Bars are as long as the terminal lets them be beside the words, so that what failed is not cut off."""
    monkeypatch.setattr("scop.cli.dmarc.reports_shown.console", Console(width=columns, highlight=False))
    line = run().output.splitlines()[2]
    figures = " 3 passed, 4 failed"
    assert (True, columns >= 11 + len(figures) + 2) == (len(line) <= columns, line.endswith(figures))
    assert asked


def test_cli_reports_narrows_down_and_speaks_json(asked: list[object]) -> None:
    """What is chosen is passed on; networks are added up here."""
    said = run("--days", "7", "--domain", "Shop.Harbor.Test.", "--by", "network", "--unproven", "--json")
    assert [ReadSenders(7, "shop.harbor.test", 1_000, unproven=True)] == asked
    found = json.loads(said.output)
    assert [("192.0.2.0/24", 19, 4)] == [(one["address"], one["mails"], one["unaligned"]) for one in found["sources"]]
    assert 2 == found["source_count"]  # with the one that the reporter has not named


def test_cli_reports_shows_so_many_networks(asked: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with the most mails, and how many there are besides."""
    monkeypatch.setitem(
        ANSWERS, ReadSenders, Senders(DAYS, (source("192.0.2.1", 4), source("203.0.113.9", 15)), 2, 2, 0)
    )
    found = json.loads(run("--by", "network", "--limit", "1", "--json").output)
    assert (["203.0.113.0/24"], 2) == ([one["address"] for one in found["sources"]], found["source_count"])
    assert 1 == len(asked)


def test_cli_reports_says_where_nobody_told_of_us(asked: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """No mail is an answer too."""
    monkeypatch.setitem(ANSWERS, ReadSenders, Senders((), (), 0, 0, 0))
    assert "nobody told of mail as us in that time\n" == run().output
    assert 1 == len(asked)


def test_cli_reports_lists_what_came_and_went(asked: list[object]) -> None:
    """With the state of every letter, and what waits."""
    said = run("list", "--days", "3")
    assert [ReadReports(3, 50)] == asked
    for words in ("a1", "s1", "waiting, again at 2026-11-28 12:01:00", "we send reports by mail only", "sea.test"):
        assert words in said.output
    assert "r1" == json.loads(run("list", "--json").output)["arrived"][0]["report_id"]


def test_cli_reports_shows_one(asked: list[object]) -> None:
    """What stands in it, read from its octets; or these themselves."""
    said = run("show", "a1")
    assert [ReadReport(1, is_sent=False)] == asked
    for words in ("proved by DMARC", "the policy of harbor.test: p=reject", "192.0.2.1", "harbor.test pass"):
        assert words in said.output
    assert XML.decode() == run("show", "a1", "--raw").output
    assert ReadReport(1, is_sent=True) == (run("show", "s1"), asked[-1])[1]


def test_cli_reports_shows_a_large_one_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report travels in pieces, and half of one is none; where it is forgotten between two, that is said."""
    pieces = {0: XML[:500], 500: XML[500:]}

    def ask(_config: Path, _cell: str, question: ReadReport) -> ReportPage:
        return ReportPage(arrived=ARRIVED, octets=pieces.get(question.offset, b""), size_octets=len(XML))

    monkeypatch.setattr("scop.cli.dmarc.reports.ask", ask)
    assert XML.decode() == run("show", "a1", "--raw").output
    del pieces[500]
    gone = run("show", "a1", "--raw")
    assert (1, "Error: the report was forgotten meanwhile\n") == (gone.exit_code, gone.output)


@pytest.mark.parametrize("word", ["1", "x1", "a", "a1b", "a-1", "a1234567890123456"])
def test_cli_reports_wants_a_number_as_the_list_has_it(asked: list[object], word: str) -> None:
    """What came and what was sent are counted apart."""
    said = run("show", "--", word)
    assert (2, []) == (said.exit_code, asked)
    assert f"REPORT {word}: write it as the list does, such as a1 or s1" in said.output


def test_cli_reports_sends_now(asked: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is on its way and who is told nothing; with nothing to send the answer is no."""
    said = run("send", "--now")
    assert (0, [SendReports()]) == (said.exit_code, asked)
    for words in ("reports@lagoon.test", "no tls report about sea.test: sea.test asks for no TLS reports"):
        assert words in said.output
    assert "s" == json.loads(run("send", "--now", "--json").output)["unsent"][0]["kind"][-1]
    monkeypatch.setitem(ANSWERS, SendReports, ReportsMade((), ()))
    empty = run("send", "--now")
    assert (1, "nothing is counted that was not reported yet\n") == (empty.exit_code, empty.output)


def test_cli_reports_are_sent_by_themselves(asked: list[object]) -> None:
    """Whoever would send them every day is told that nobody has to."""
    said = run("send")
    assert (2, []) == (said.exit_code, asked)
    assert "reports go out each night by themselves" in said.output


def test_cli_reports_draws_a_picture(asked: list[object], tmp_path: Path) -> None:
    """The same days as a PNG."""
    path = tmp_path / "days.png"
    assert 0 == run("--png", str(path)).exit_code
    assert path.read_bytes() == png_chart("mails as us, as others count them", bars_of(DAYS))
    assert 1 == len(asked)


def bars_of(days: tuple[SenderDay, ...]) -> list[Bar]:
    """Return the bars of days, with those between."""
    return [Bar(day.day, day.passed, day.failed) for day in every_day(days)]


def colours(octets: bytes) -> list[list[int]]:
    """Return the colour numbers of a picture, row by row; every chunk has its checksum (PNG §5)."""
    assert octets.startswith(b"\x89PNG\r\n\x1a\n")
    place, chunks = 8, dict[bytes, bytes]()
    while place < len(octets):
        (size,) = struct.unpack_from(">L", octets, place)
        kind, content = octets[place + 4 : place + 8], octets[place + 8 : place + 8 + size]
        assert struct.unpack_from(">L", octets, place + 8 + size) == (zlib.crc32(kind + content),)
        chunks[kind] = content
        place += 12 + size
    assert struct.pack(">LLBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0) == chunks[b"IHDR"]
    lines = zlib.decompress(chunks[b"IDAT"])
    assert (WIDTH + 1) * HEIGHT == len(lines)
    return [list(lines[row * (WIDTH + 1) + 1 : (row + 1) * (WIDTH + 1)]) for row in range(HEIGHT)]


@pytest.mark.parametrize(
    ("bars", "good", "bad"),
    [([], 0, 0), ([Bar("2026-11-28", 1, 3)], 65 * 696, 195 * 696), ([Bar("x", 0, 10**9)] * 900, 0, 217 * 870)],
    ids=["none", "one", "more than dots"],
)
def test_png_chart_draws_what_is_counted(bars: list[Bar], good: int, bad: int) -> None:
    """Each part of a column has its colour and its share of the height, which is 260 dots, or 870 in all across."""
    legend = 8 * 8
    drawn = [colour for row in colours(png_chart("Mails", bars)) for colour in row]
    assert (legend + good, legend + bad) == (drawn.count(3), drawn.count(4))
