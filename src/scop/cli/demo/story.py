"""The course of the demo, from two empty folders to the table at its end."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scop.cli.demo import attacks
from scop.cli.demo.delivered import below_all_stamps, differs
from scop.cli.demo.letters import letters
from scop.cli.demo.offices import Offices, StoredMail
from scop.cli.demo.post import Login, Outcome, post_all, with_crlf
from scop.cli.demo.scene import HARBOR, LAGOON, PORTS, Scene, StartFailed, build_scene
from scop.cli.journey import Step, journey_of, read_steps
from scop.cli.mail_files import MailFile, NoMail, read_mails
from scop.cli.shared import console, print_json, print_table
from scop.cli.trace import print_journey
from scop.smtp.stamps import split_stamps

__all__ = ["Wanted", "tell"]

SENDER = f"postman@{LAGOON.domain}"
RECIPIENT = f"bob@{HARBOR.domain}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the demo was asked to do."""

    folder: Path
    mails: Path | None
    limit: int | None
    as_json: bool


@dataclass(slots=True)
class Told:
    """What came out."""

    passed_over: list[NoMail] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    stored: dict[str, StoredMail] = field(default_factory=dict)  # by lagoon's trace id
    changed: dict[str, str] = field(default_factory=dict)  # name of a mail → why it is not what was submitted
    attacks: list[attacks.Attack] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def accepted(self) -> list[Outcome]:
        """What lagoon took."""
        return [outcome for outcome in self.outcomes if outcome.trace]

    @property
    def refused(self) -> list[Outcome]:
        """What lagoon did not take."""
        return [outcome for outcome in self.outcomes if not outcome.trace]

    @property
    def delivered(self) -> list[Outcome]:
        """What stands at harbor as it was submitted."""
        return [o for o in self.accepted if o.trace in self.stored and o.mail.name not in self.changed]

    @property
    def right(self) -> bool:
        """Whether every line came out as it must."""
        complete = len(self.delivered) == len(self.accepted) > 0
        sealed = all(s.sealed and s.verified for s in self.stored.values())
        return complete and sealed and all(attack.failed for attack in self.attacks) and len(self.attacks) == 3


def _mails(wanted: Wanted, told: Told) -> list[MailFile]:
    found: list[MailFile] = []
    source: Iterator[MailFile | NoMail] = read_mails(wanted.mails) if wanted.mails else iter(letters())
    for item in source:
        if isinstance(item, NoMail):
            told.passed_over.append(item)
        else:
            found.append(item)
    return list(itertools.islice(found, wanted.limit))


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description:<38}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=quiet)


def tell(wanted: Wanted) -> bool:
    """Run the whole demo and return whether every line came out as it must."""
    told = Told()
    mails = _mails(wanted, told)
    if not mails:
        raise click.ClickException(f"{wanted.mails} holds no mail")
    with _progress(quiet=wanted.as_json) as progress:
        meshes = progress.add_task("two organisations and a root start", total=1)
        try:
            scene = build_scene(wanted.folder)
        except StartFailed as error:
            raise click.ClickException(f"the demo cannot start: {error}") from None
        progress.update(meshes, completed=1)
        try:
            _act(scene, mails, told, progress)
            journey = _journey(scene, told)
        finally:
            scene.close()
    if wanted.as_json:
        print_json(_summary(told))
    else:
        _show(told, journey)
    return told.right


def _act(scene: Scene, mails: list[MailFile], told: Told, progress: Progress) -> None:
    offices = Offices(scene)
    password = secrets.token_urlsafe(12)
    opened = progress.add_task("accounts open, keys published by UPDATE", total=1)
    offices.open_accounts(password)
    offices.await_keys()
    progress.update(opened, completed=1)
    started = time.monotonic()
    login = Login(LAGOON.address, PORTS.submissions, "postman", password)
    posting = progress.add_task("submitted at lagoon over TLS", total=len(mails))
    for outcome in post_all(login, SENDER, (RECIPIENT,), mails):
        told.outcomes.append(outcome)
        progress.advance(posting)
    arriving = progress.add_task("stored at harbor", total=len(told.accepted))
    for stored in offices.await_mails("bob", len(told.accepted)):
        told.stored[stored.origin_trace] = stored
        progress.update(arriving, completed=len(told.stored))
    told.seconds = time.monotonic() - started
    told.changed = _compare(told)
    told.attacks = _attack(scene, offices, password)


def _compare(told: Told) -> dict[str, str]:
    """Hold every stored mail against what was submitted."""
    changed: dict[str, str] = {}
    for outcome in told.accepted:
        stored = told.stored.get(outcome.trace)
        if stored is None:
            changed[outcome.mail.name] = "never arrived"
            continue
        below = below_all_stamps(stored.octets, (HARBOR.mail_host, LAGOON.mail_host))
        reason = differs(with_crlf(outcome.mail.octets), below)
        if reason:
            changed[outcome.mail.name] = reason
    return changed


def _attack(scene: Scene, offices: Offices, password: str) -> list[attacks.Attack]:
    """Try the three attacks; the body that is tampered with is one that alice wrote and lagoon sealed."""
    alice = Login(LAGOON.address, PORTS.submissions, "alice", password)
    posted = list(post_all(alice, f"alice@{LAGOON.domain}", (RECIPIENT,), letters()[:1]))
    tried = [attacks.forged_sender(RECIPIENT)]
    for stored in offices.await_mails("bob", len([outcome for outcome in posted if outcome.trace])):
        _, sealed = split_stamps(stored.octets, HARBOR.mail_host)
        tried.append(attacks.tampered_body(sealed, RECIPIENT))
    return [*tried, attacks.stranger_at_a_pipe(scene.layout(HARBOR).port("filter"))]


def _journey(scene: Scene, told: Told) -> tuple[Step, ...]:
    if not told.accepted:
        return ()
    steps = [
        step
        for organisation in (LAGOON, HARBOR)
        for step in read_steps(organisation.domain, scene.layout(organisation).log_folder)
    ]
    return journey_of(told.accepted[0].trace, steps)


def _summary(told: Told) -> dict[str, object]:
    stored = told.stored.values()
    return {
        "sent": len(told.outcomes),
        "sealed": sum(mail.sealed for mail in stored),
        "verified": sum(mail.verified for mail in stored),
        "labelled": sum(bool(mail.label) for mail in stored),
        "delivered": len(told.delivered),
        "refused": {outcome.mail.name: f"{outcome.code} {outcome.text}" for outcome in told.refused},
        "changed": told.changed,
        "passed_over": {item.name: item.reason for item in told.passed_over},
        "attacks": {attack.name: attack.answer for attack in told.attacks},
        "seconds": round(told.seconds, 3),
        "right": told.right,
    }


def _show(told: Told, journey: tuple[Step, ...]) -> None:
    if journey:
        console.rule("one mail's journey", align="left")
        print_journey(journey)
        stored = told.stored.get(told.accepted[0].trace)
        if stored is not None:
            console.rule("its stored header", align="left")
            console.print(stored.header, markup=False, soft_wrap=True)
    console.rule("attacks that must fail", align="left")
    rows = [("failed" if a.failed else "SUCCEEDED", a.name, a.answer) for a in told.attacks]
    print_table(("it", "attack", "answer"), rows)
    for title, pairs in (
        ("passed over, no mail", [(item.name, item.reason) for item in told.passed_over]),
        ("refused at submission", [(o.mail.name, f"{o.code} {o.text}") for o in told.refused]),
        ("not as submitted", list(told.changed.items())),
    ):
        if pairs:
            console.rule(title, align="left")
            print_table(("mail", "why"), pairs)
    _show_table(told)


def _show_table(told: Told) -> None:
    console.rule("the table", align="left")
    summary = _summary(told)
    counted = ("sent", "sealed", "verified", "labelled", "delivered")
    row = [*(str(summary[name]) for name in counted), str(len(told.refused)), f"{told.seconds:.1f}"]
    print_table((*counted, "refused", "seconds"), [row])
    console.print("[green]every line came out as it must[/green]" if told.right else "[red]not as it must be[/red]")
