"""Attachments beside the stand-alone services: a sealed child looks into each mail, as in the examiner's cell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import pytest

from fakes.containers import PROGRAM, mail_with
from fakes.nursing import HOSTILE_NURSERY, nursed
from scop.cells.examiner.service import nursery_command
from scop.cli.spam.filter_examining import Examiner, attended
from scop.cli.spam.filter_policies import Examining, Judged
from scop.mesh.config.attachments import Policy
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

REFUSING = Examining(on_suspicious="tag", on_dangerous="refuse", on_unscannable="quarantine").policies
_IDS = ("65534", "65534") if os.geteuid() == 0 else ()


async def _examined(command: Sequence[str], *mails: bytes) -> list[Judged]:
    lines: list[bytes] = []
    async with nursed(command) as nurse:
        examiner = Examiner(nurse, REFUSING, Log("filter", lines.append))
        return [await examiner.examine(octets, "192.0.2.7") for octets in mails]


async def test_examiner_refuses_a_program_with_a_sentence_of_no_reasons() -> None:
    """What is found stands in the log and on the mail; who sent it hears of what sort it is."""
    (told,) = await _examined(nursery_command(*_IDS), mail_with(PROGRAM, "tide.exe"))

    assert "executable" in {one.kind for one in told.found}
    assert told.policy is Policy.REFUSE
    assert "550 5.7.1 This mail brings a program, which is not accepted here" == str(told.refusal)


async def test_examiner_passes_a_plain_text_by() -> None:
    """Nobody is asked about a mail that is nothing but text."""
    assert [Judged()] == await _examined(HOSTILE_NURSERY, b"Subject: tide\r\n\r\nAhoy.\r\n")


async def test_examiner_finds_and_never_passes_what_breaks_a_child() -> None:
    """A crash is a finding; a mail that crashed two is set aside, and the next one is looked into all the same."""
    poison = b"crash \r\nContent-Type: text/html\r\n\r\n"
    told = await _examined((*HOSTILE_NURSERY, *_IDS), poison, poison, poison)

    assert [Policy.QUARANTINE] * 3 == [each.policy for each in told]
    assert [["unscannable"]] * 3 == [[one.kind for one in each.found] for each in told]
    assert "twice broken" in told[2].found[0].reason


async def test_a_service_whose_nursery_is_lost_ends() -> None:
    """Nothing could be looked into any more, which only another start mends."""
    lines: list[bytes] = []
    async with nursed((*HOSTILE_NURSERY, *_IDS)) as nurse:
        stop = asyncio.Event()
        end = attended(Examiner(nurse, REFUSING, Log("filter", lines.append)), stop, Log("filter", lines.append))
        nurse.close()
        await stop.wait()
        with pytest.raises(TemporaryFailure, match="start the filter again"):
            end()


def test_a_service_without_examining_attends_to_nothing() -> None:
    """Who did not ask for it has no nursery."""
    stop = asyncio.Event()
    attended(None, stop, Log("filter", print))()

    assert not stop.is_set()
