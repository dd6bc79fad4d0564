"""What `scop smtp send` tells: each mail with what became of it, the transcript, and the sum."""

from __future__ import annotations

from dataclasses import dataclass, field

import click

from scop.base import printable
from scop.cli.shared import print_json
from scop.cli.smtp_send_letters import Letter
from scop.smtp import Reply

__all__ = ["Report", "transcript_line"]

SHOWN = 20  # mails that are told of one by one where all went well
MAX_LINE_CHARACTERS = 2000
_SIDES = {"C": "C: ", "S": "S: ", "-": "   "}


@dataclass(slots=True)
class Report:
    """What became of the mails so far, told as it comes, or at the end as JSON."""

    as_json: bool
    tls: str = ""
    taken: int = 0
    refused: int = 0
    unsendable: int = 0
    _mails: list[dict[str, object]] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 where all was taken; 2 where nothing could even be sent."""
        if self.unsendable and not self.taken and not self.refused:
            return 2
        return 1 if self.refused or self.unsendable else 0

    def answered(self, letter: Letter, outcomes: tuple[Reply, ...]) -> None:
        """Tell what the server said of a mail."""
        told = [
            (str(one.forward_path)[1:-1], each) for one, each in zip(letter.envelope.recipients, outcomes, strict=True)
        ]
        refusals = [(address, each) for address, each in told if not each.is_positive]
        self.taken, self.refused = self.taken + (not refusals), self.refused + bool(refusals)
        if self.as_json:
            sender = str(letter.envelope.mail.reverse_path)[1:-1]
            recipients = [{"address": address, "taken": each.is_positive, **_reply(each)} for address, each in told]
            self._mails.append({"name": letter.name, "from": sender, "recipients": recipients})
            return
        for address, each in refusals:
            _say(f"{letter.name}: refused for {address}: {each}")
        good = [(address, each) for address, each in told if each.is_positive]
        if good and (refusals or self.taken <= SHOWN):
            _say(f"{letter.name}: taken for {', '.join(address for address, _ in good)}: {good[-1][1]}")

    def passed_over(self, name: str, reason: str) -> None:
        """Tell why a mail was not sent."""
        self.unsendable += 1
        if self.as_json:
            self._mails.append({"name": name, "problem": reason})
        click.echo(printable(f"scop: {name}: {reason}", limit=MAX_LINE_CHARACTERS), err=True)

    def end(self) -> None:
        """Tell the sum."""
        if self.as_json:
            sums = {"taken": self.taken, "refused": self.refused, "unsendable": self.unsendable}
            print_json({**sums, "tls": self.tls, "mails": self._mails})
        elif self.taken + self.refused + self.unsendable != 1:
            _say(f"{self.taken:,} taken, {self.refused:,} refused, {self.unsendable:,} not sendable")


def transcript_line(side: str, line: str) -> None:
    """Show a line as it is said; what a server says turns no terminal around."""
    click.echo(_SIDES[side] + printable(line, limit=MAX_LINE_CHARACTERS), err=True)


def _say(words: str) -> None:
    click.echo(printable(words, limit=MAX_LINE_CHARACTERS))


def _reply(answer: Reply) -> dict[str, object]:
    meaning = answer.status.meaning if answer.status else ""
    return {"code": answer.code, "enhanced": answer.enhanced, "meaning": meaning, "text": " ".join(answer.text)}
