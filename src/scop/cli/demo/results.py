"""What came out of a demo, and whether every line is as it must be."""

from __future__ import annotations

from dataclasses import dataclass, field

from scop.cli.demo.attacks import Attack
from scop.cli.demo.offices import StoredMail
from scop.cli.demo.post import Outcome
from scop.cli.demo.siege import Siege
from scop.cli.demo.sorting import Sorting
from scop.cli.journey import Step
from scop.cli.mail_files import NoMail
from scop.dns import Security
from scop.mesh.vocabulary.reporter import Senders

__all__ = ["Results"]

ATTACKS = 3


@dataclass(slots=True)
class Results:
    """Filled as the story goes on."""

    passed_over: list[NoMail] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    stored: dict[str, StoredMail] = field(default_factory=dict)  # by lagoon's trace id
    turned_away: dict[str, str] = field(default_factory=dict)  # harbor's reply by lagoon's trace id
    arrived: int = 0
    changed: dict[str, str] = field(default_factory=dict)  # name of a mail → why it is not what was submitted
    attacks: list[Attack] = field(default_factory=list)
    rotation: tuple[tuple[str, ...], StoredMail | None] = ((), None)  # lagoon's keys before, and a mail sealed after
    sorting: Sorting | None = None
    siege: Siege | None = None
    senders: Senders | None = None  # who sent as lagoon, as harbor's report told it
    journey: tuple[Step, ...] = ()
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
    def refused_by_harbor(self) -> dict[str, str]:
        """What lagoon took and harbor did not, by name, with harbor's reply."""
        return {o.mail.name: self.turned_away[o.trace] for o in self.accepted if o.trace in self.turned_away}

    @property
    def delivered(self) -> list[Outcome]:
        """What stands at harbor as it was submitted."""
        return [o for o in self.accepted if o.trace in self.stored and o.mail.name not in self.changed]

    @property
    def names(self) -> str:
        """How sure the names were on which harbor's verdict of the first mail stands."""
        return next((step.text("names") for step in self.journey if step.event == "mail.verified"), "")

    @property
    def way(self) -> str:
        """Under which TLS the first mail came to harbor, and what proved the host."""
        return next((step.text("tls") for step in self.journey if step.event == "mail.relayed"), "")

    @property
    def proved(self) -> bool:
        """Whether DNSSEC proved the names and DANE the host."""
        return self.names == Security.SECURE and self.way.endswith("DANE")

    @property
    def right(self) -> bool:
        """Whether every line came out as it must."""
        complete = len(self.delivered) == len(self.accepted) - len(self.turned_away) == self.arrived > 0
        marked = all(mail.sealed and mail.verified and mail.label for mail in self.stored.values())
        withstood = len(self.attacks) == ATTACKS and all(attack.failed for attack in self.attacks)
        shut_out = self.siege is not None and self.siege.withstood
        sorted_out = self.sorting is not None and self.sorting.right
        told = self.proved and self.reported and self.rotated
        return complete and marked and withstood and sorted_out and shut_out and told

    @property
    def rotated(self) -> bool:
        """Whether lagoon's keys were replaced meanwhile, and a mail that the new ones sealed was verified."""
        before, letter = self.rotation
        return letter is not None and letter.sealed and not set(letter.selectors) & set(before)

    @property
    def reported(self) -> bool:
        """Whether lagoon read in harbor's report of its own mail and of the forger's."""
        return self.senders is not None and {bool(source.unaligned) for source in self.senders.sources} == {True, False}

    def counts(self) -> dict[str, int]:
        """Return the numbers of the table."""
        stored = self.stored.values()
        return {
            "sent": len(self.outcomes),
            "sealed": sum(mail.sealed for mail in stored),
            "verified": sum(mail.verified for mail in stored),
            "labelled": sum(bool(mail.label) for mail in stored),
            "delivered": len(self.delivered),
            "refused": len(self.refused) + len(self.turned_away),
        }

    def summary(self) -> dict[str, object]:
        """Return everything that a program may want to know."""
        return {
            **self.counts(),
            "refusals": {outcome.mail.name: f"{outcome.code} {outcome.text}" for outcome in self.refused},
            "refused_by_harbor": self.refused_by_harbor,
            "changed": self.changed,
            "passed_over": {item.name: item.reason for item in self.passed_over},
            "attacks": {attack.name: attack.answer for attack in self.attacks},
            "rotated": self.rotated,
            "sorting": self.sorting,
            "siege": self.siege,
            "senders": self.senders,
            "names": self.names,
            "way": self.way,
            "seconds": round(self.seconds, 3),
            "right": self.right,
        }
