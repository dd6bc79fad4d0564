"""The course of the demo, from two empty folders to what stands at harbor."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scop.cli.demo import attacks
from scop.cli.demo.delivered import below_all_stamps, differs
from scop.cli.demo.departures import Departures
from scop.cli.demo.letters import letters
from scop.cli.demo.offices import Offices, StoredMail
from scop.cli.demo.post import Login, post_all, with_crlf
from scop.cli.demo.results import Results
from scop.cli.demo.scene import PORTS, Scene, StartFailed, World, build_scene
from scop.cli.demo.siege import besiege
from scop.cli.demo.sorting import MALWARE, NEWSLETTER, NEXT_ISSUE, PEDLAR, SPAM, Landed, Sorting
from scop.cli.journey import Step, journey_of, read_steps
from scop.cli.mail_files import MailFile, NoMail, read_mails
from scop.cli.shared import console
from scop.smtp.stamps import split_stamps

__all__ = ["Wanted", "tell"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the demo was asked to do."""

    folder: Path
    mails: Path | None = None
    limit: int | None = None
    quiet: bool = False
    world: World = field(default_factory=World)


def tell(wanted: Wanted) -> Results:
    """Run the whole demo and return what came out."""
    results = Results()
    mails = _mails(wanted, results)
    if not mails:
        raise click.ClickException(f"{wanted.mails} holds no mail")
    with _progress(quiet=wanted.quiet) as progress:
        starting = progress.add_task("two organisations and a root start", total=1)
        try:
            scene = build_scene(wanted.folder, wanted.world)
        except StartFailed as error:
            raise click.ClickException(f"the demo cannot start: {error}") from None
        progress.update(starting, completed=1)
        with closing(scene):
            _Story(scene, mails, results, progress).tell()
    return results


def _mails(wanted: Wanted, results: Results) -> list[MailFile]:
    source: Iterator[MailFile | NoMail] = read_mails(wanted.mails) if wanted.mails else iter(letters())
    found: list[MailFile] = []
    for item in itertools.islice(source, wanted.limit):
        if isinstance(item, NoMail):
            results.passed_over.append(item)
        else:
            found.append(item)
    return found


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description:<38}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=quiet)


@dataclass(slots=True)
class _Story:
    """One run in a scene that stands."""

    scene: Scene
    mails: list[MailFile]
    results: Results
    progress: Progress
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    offices: Offices = field(init=False)

    def __post_init__(self) -> None:
        self.offices = Offices(self.scene)

    @property
    def recipient(self) -> str:
        return f"bob@{self.scene.world.harbor.domain}"

    def tell(self) -> None:
        opening = self.progress.add_task("accounts open, keys published by UPDATE", total=1)
        self.offices.open_accounts(self.password)
        self.offices.teach()
        self.offices.await_keys()
        self.progress.update(opening, completed=1)
        before = self.offices.begin_rotation()
        started = time.monotonic()
        self._post()
        self._collect()
        self.results.seconds = time.monotonic() - started
        self._compare()
        self._sort()
        self._attack()
        self._besiege()
        self._report()
        self._seal_anew(before)
        self._follow()

    def _login(self, user: str) -> Login:
        return Login(self.scene.world.lagoon.address, PORTS.submissions, user, self.password)

    def _post(self) -> None:
        sender = f"postman@{self.scene.world.lagoon.domain}"
        posting = self.progress.add_task("submitted at lagoon over TLS", total=len(self.mails))
        for outcome in post_all(self._login("postman"), sender, (self.recipient,), self.mails):
            self.results.outcomes.append(outcome)
            self.progress.advance(posting)

    def _collect(self) -> None:
        relay = self.scene.layout(self.scene.world.lagoon).log("relay")
        departures = Departures(self.scene.world.lagoon.domain, relay)
        accepted = len(self.results.accepted)
        arriving = self.progress.add_task("stored at harbor", total=accepted)
        for stored in self.offices.await_mails("bob", lambda: accepted - len(departures.refused())):
            self.results.arrived += 1
            self.results.stored[stored.origin_trace] = stored
            self.progress.advance(arriving)
        self.results.turned_away = dict(departures.refused())
        self.progress.update(arriving, total=self.results.arrived)

    def _compare(self) -> None:
        """Hold every stored mail against what was submitted."""
        hosts = (self.scene.world.harbor.mail_host, self.scene.world.lagoon.mail_host)
        for outcome in self.results.accepted:
            if outcome.trace in self.results.turned_away:
                continue
            stored = self.results.stored.get(outcome.trace)
            if stored is None:
                reason = "never arrived"
            else:
                reason = differs(with_crlf(outcome.mail.octets), below_all_stamps(stored.octets, hosts))
            if reason:
                self.results.changed[outcome.mail.name] = reason

    def _attack(self) -> None:
        """Try the three attacks; the body that is tampered with is one that alice wrote and lagoon sealed."""
        world = self.scene.world
        self.results.attacks.append(attacks.forged_sender(world, self.recipient))
        for stored in self._post_letter(0):
            _, sealed = split_stamps(stored.octets, world.harbor.mail_host)
            self.results.attacks.append(attacks.tampered_body(world, sealed, self.recipient))
        layout = self.scene.layout(world.harbor)
        self.results.attacks.append(attacks.stranger_at_a_pipe(world, layout.port("filter"), layout.log("filter")))

    def _sort(self) -> None:
        """Send unwanted and dangerous mail, and have bob move what he wants out of Junk."""
        sorting = self.progress.add_task("spam, a move that teaches, malware", total=4)
        landed: dict[str, Landed] = {}
        for letter in (SPAM, NEWSLETTER, NEXT_ISSUE, MALWARE):
            for stored in self._post_one(PEDLAR, letter):
                landed[letter.name] = _landed(stored)
                if letter is NEWSLETTER:
                    self.offices.move("bob", stored, "INBOX")
            self.progress.advance(sorting)
        if len(landed) == 4:
            self.results.sorting = Sorting(*landed.values())

    def _post_letter(self, number: int) -> Iterator[StoredMail]:
        """Have alice post a letter, another each time, and yield it as harbor stores it."""
        yield from self._post_one("alice", letters()[number])

    def _post_one(self, user: str, letter: MailFile) -> Iterator[StoredMail]:
        sender = f"{user}@{self.scene.world.lagoon.domain}"
        posted = list(post_all(self._login(user), sender, (self.recipient,), (letter,)))
        yield from self.offices.await_mails("bob", lambda: sum(bool(outcome.trace) for outcome in posted))

    def _besiege(self) -> None:
        """Have the forger go on until harbor's receiver hangs up on him, and until it does no more."""
        besieging = self.progress.add_task("a forger goes on and is shut out", total=1)
        forged = sum(attack.is_forged_mail for attack in self.results.attacks)
        self.results.siege = besiege(self.scene.world, self.recipient, forged)
        self.progress.update(besieging, completed=1)

    def _report(self) -> None:
        """Have harbor report to lagoon at once, and lagoon read it."""
        reporting = self.progress.add_task("harbor's DMARC report reaches lagoon", total=1)
        self.results.senders = self.offices.report()
        self.progress.update(reporting, completed=1)

    def _seal_anew(self, before: tuple[str, ...]) -> None:
        """Wait for lagoon's new keys, which were made before the first mail, and send one more."""
        rotating = self.progress.add_task("lagoon's new keys take over", total=1)
        self.offices.await_rotation(before)
        self.results.rotation = before, next(self._post_letter(1), None)
        self.progress.update(rotating, completed=1)

    def _follow(self) -> None:
        """Join the logs of both organisations into the first mail's journey."""
        steps: list[Step] = []
        for organisation in self.scene.world.organisations:
            steps.extend(read_steps(organisation.domain, self.scene.layout(organisation).log_folder))
        if self.results.accepted:
            self.results.journey = journey_of(self.results.accepted[0].trace, steps)


def _landed(stored: StoredMail) -> Landed:
    summary = stored.summary
    return Landed(summary.subject, summary.folder, stored.label, summary.warning)
