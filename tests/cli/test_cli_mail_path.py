"""`scop mail path`: the hops of a mail and how long each took."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from scop.cli.mail import mail
from scop.cli.mail_path import hops_of
from scop.mime import parse

MAIL = (
    b"Received: from relay.lagoon.test (relay.lagoon.test [192.0.2.7]) by mx.harbor.test with ESMTPS id c3;"
    b" Wed, 25 Nov 2026 09:59:50 +0100\r\n"
    b"Received: (an old host wrote this)\r\n"
    b"Received: from relay.lagoon.test by filter.lagoon.test with LMTP id b2; Wed, 25 Nov 2026 09:00:03 +0000\r\n"
    b"Received: from [198.51.100.4] by relay.lagoon.test with ESMTPSA id a1; Wed, 25 Nov 2026 09:00:01 +0000\r\n"
    b"Date: Wed, 25 Nov 2026 10:00:00 +0100\r\nFrom: a@lagoon.test\r\n\r\nText\r\n"
)


def run(*words: str, stdin: bytes = MAIL) -> Result:
    """Run `scop mail path` on standard input."""
    return CliRunner().invoke(mail, ["path", *words, "-"], input=stdin)


def test_cli_mail_path_goes_from_the_first_hop_to_the_last() -> None:
    """The lowest field is the first hop (RFC 5321 §4.4); zones are reckoned in."""
    hops = hops_of(parse(MAIL))
    assert ["relay.lagoon.test", "filter.lagoon.test", "", "mx.harbor.test"] == [hop.receiver for hop in hops]
    assert ["ESMTPSA", "LMTP", "", "ESMTPS"] == [hop.protocol for hop in hops]
    assert ["a1", "b2", "", "c3"] == [hop.identifier for hop in hops]
    assert ("relay.lagoon.test", "192.0.2.7") == (hops[3].sender, hops[3].address)
    assert [1.0, 2.0, None, -13.0] == [hop.delay_seconds for hop in hops]
    assert [False, False, False, True] == [hop.is_skewed for hop in hops]


def test_cli_mail_path_draws_the_delays_and_marks_wrong_clocks() -> None:
    """The longest delay has the longest bar."""
    lines = run().output.splitlines()
    bars = [line.count("█") for line in lines]
    assert max(bars) == bars[next(i for i, line in enumerate(lines) if "filter.lagoon.test" in line)]
    assert any("−13 s" in line and "a clock is wrong" in line for line in lines)
    assert "4 hops, 10 s from first to last; 1 with a wrong clock" in run().output


def test_cli_mail_path_as_json() -> None:
    """The same for a program."""
    record = json.loads(run("--json").output)
    assert "2026-11-25T10:00:00+01:00" == record["written"]
    assert {"from": "relay.lagoon.test", "address": "192.0.2.7", "by": "mx.harbor.test", "protocol": "ESMTPS"} == {
        name: record["hops"][3][name] for name in ("from", "address", "by", "protocol")
    }
    assert (-13.0, True) == (record["hops"][3]["delay_seconds"], record["hops"][3]["is_skewed"])


def test_cli_mail_path_without_a_hop_is_answered_with_1() -> None:
    """As for any question whose answer is no; dates that cannot be read are no fault of ours."""
    done = run(stdin=b"Subject: x\r\n\r\n")
    assert (1, True) == (done.exit_code, "no host has noted that it took this mail" in done.output)
    assert 0 == run(stdin=b"Received: by a.test; never\r\n\r\n").exit_code
    assert 0 == run(stdin=b"Received: by a.test; Mon, 1 Jan 0001 00:00:00 +2359\r\n\r\n").exit_code


def test_cli_mail_path_shows_every_name_whole() -> None:
    """A line has an end, but half of a host's name is another host."""
    name = "x" * 250 + ".lagoon.test"
    shown = run(stdin=f"Received: from {name} by b.test; Wed, 25 Nov 2026 09:00:03 +0000\r\n\r\n".encode()).output
    assert 250 == shown.count("x")
    assert "…" not in shown
