"""What harbor's filter is taught before the demo: a small set of ham and spam. All of it is written for this project.

Each mail is put together from the sentences of one subject, so that no two are alike and a hundred fit on a page. It is
enough to tell such mail apart, and no substitute for mail that people have sorted: `scop spam train` learns that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

from scop.spam import Label

__all__ = ["Lesson", "lessons"]

OF_EACH = 48


class Lesson(NamedTuple):
    """One mail of the set."""

    label: Label
    octets: bytes


class _Topic(NamedTuple):
    people: Sequence[tuple[str, str]]  # display name, address
    subjects: Sequence[str]
    sentences: Sequence[str]


_HAM = (
    _Topic(
        (("Alice Brook", "alice@lagoon.test"), ("Carol Weir", "carol@harbor.test")),
        ("Lunch on Friday?", "Re: the charts", "Berth 12", "Re: berth 12", "Handover of the pier keys"),
        (
            "Shall we meet at the pier at noon?",
            "I have put the charts on your desk.",
            "The crane is back in service since Tuesday.",
            "Please tell the pilot that we arrive two hours late.",
            "Thanks, that works for me.",
            "I'll call you when the ferry has left.",
            "Can you send me the minutes of the last meeting?",
        ),
    ),
    _Topic(
        (("Dev list", "dev@lists.lagoon.test"), ("Erin Tide", "erin@lagoon.test")),
        ("[dev] review of the tide table parser", "Re: [dev] failing test on arm64", "[dev] release on Thursday"),
        (
            "The second patch breaks the parser when a line ends with spaces.",
            "I have pushed a fix; the tests pass here.",
            "Could you rebase on main and squash the two commits?",
            "The build takes nine minutes, most of it in the linker.",
            "> does anybody object to dropping the old format?",
            "No objection from me, but please note it in the changelog.",
            "I think the bug is in the reader, not in the cache.",
        ),
    ),
    _Topic(
        (("Harbour office", "office@harbor.test"), ("Frank Mole", "frank@shipyard.test")),
        ("Invoice for November", "Your order of ropes", "Minutes of the harbour board", "Delivery on Monday"),
        (
            "Please find the invoice for berth 12 below.",
            "The ropes will be delivered on Monday morning.",
            "The board agreed to repaint the lamps in spring.",
            "Let us know if the amount does not match your books.",
            "We have received your payment, thank you.",
            "The next meeting is on the third of December at ten.",
        ),
    ),
    _Topic(
        (("Mum", "grace@family.test"), ("Henrik Strand", "henrik@strand.test")),
        ("Sunday", "Fotos vom Sommer", "Grüße aus der Lagune", "Happy birthday!", "Re: Sunday"),
        (
            "We would love to see you on Sunday, the children ask for you every day.",
            "Schöne Grüße von uns allen, das Wasser ist schon kalt.",
            "The pictures from the summer are finally sorted.",
            "Bring a warm coat, the house by the sea is not heated.",
            "Happy birthday, and many more to come!",
            "Dad has repaired the boat, it floats again.",
        ),
    ),
    _Topic(
        (("Tide news", "news@tides.test"), ("Museum of Sails", "friends@sails.test")),
        ("Tide news 47: storm warning", "New at the museum this month", "Tide news 48: quiet days"),
        (
            "This week's tide table for all stations is below.",
            "A storm is expected on Wednesday from the north-west.",
            "Our new room shows sails of three centuries.",
            "You get this letter because you subscribed to it; a mail to the list ends it.",
            "Friends of the museum have free entry as always.",
        ),
    ),
)
_SPAM = (
    _Topic(
        (("Best Pharmacy", "sales@cheap-pills.test"), ("Dr. Health", "offer@rx-discount.test")),
        ("Cheap pills without prescription!!!", "80% OFF all medications", "Save $$$ on your meds"),
        (
            "Buy cheap pills online without prescription, discreet shipping worldwide!",
            "Save up to 80% on all medications today only.",
            "Click here now: http://rx-discount.test/order?id=8812",
            "Feel young again with our herbal enlargement formula.",
            "100% satisfaction guaranteed or your money back!",
            "Limited offer, order now and get 10 free pills!",
        ),
    ),
    _Topic(
        (("Mr. Okoro", "barrister@lottery-claims.test"), ("National Lottery", "winner@euro-lotto.test")),
        ("CONGRATULATIONS YOU HAVE WON", "Urgent business proposal", "Your fund of $4,500,000 is ready"),
        (
            "Congratulations! Your email address has won 4,500,000 dollars in our lottery.",
            "I am a barrister and seek your assistance to transfer the fund of my late client.",
            "You will receive 30% of the total sum as next of kin.",
            "Send your full name, address and bank account to claim your prize.",
            "This transaction is 100% risk free and strictly confidential.",
            "Please reply urgently to my private email.",
        ),
    ),
    _Topic(
        (("Crypto Profit", "invest@fast-coins.test"), ("Loan Center", "approved@easy-loans.test")),
        ("Earn $5,000 a day from home", "Your loan is APPROVED", "Double your coins in 24 hours"),
        (
            "Make money fast from home, no experience needed!",
            "Your loan of $50,000 was approved with bad credit, no questions asked.",
            "Double your coins in 24 hours with our guaranteed trading robot.",
            "Act now, this offer expires today!",
            "Click http://fast-coins.test/join and claim your free bonus.",
            "Thousands of happy investors earn money every day.",
        ),
    ),
    _Topic(
        (("Replica Store", "shop@luxury-replica.test"), ("Hot Singles", "girls@meet-now.test")),
        ("Luxury watches at 90% discount", "Hot singles in your area", "Exclusive replica offer"),
        (
            "Exclusive replica watches, identical to the original, from $99!",
            "Hot singles in your area want to meet you tonight.",
            "Free shipping on all luxury bags and watches.",
            "Click here to see her private pictures: http://meet-now.test/free",
            "Order today and get a second watch for free!!!",
            "Unsubscribe: http://luxury-replica.test/remove?you",
        ),
    ),
    _Topic(
        (("Security Team", "security@account-verify.test"), ("SEO Expert", "rank@web-traffic.test")),
        ("Your account will be suspended", "Rank #1 on all search engines", "Verify your account now"),
        (
            "Your account will be suspended unless you verify your password within 24 hours.",
            "Click the link below to confirm your credit card details.",
            "We guarantee the first place on all search engines for only $199.",
            "Get 10,000 visitors to your web site every day!",
            "http://account-verify.test/login?session=confirm",
            "Dear valued customer, dear sir or madam, act immediately.",
        ),
    ),
)


def lessons() -> Iterator[Lesson]:
    """Yield the set, both kinds in turn."""
    for number in range(OF_EACH):
        yield Lesson(Label.HAM, _mail(_HAM[number % len(_HAM)], number).as_bytes())
        yield Lesson(Label.SPAM, _mail(_SPAM[number % len(_SPAM)], number).as_bytes())


def _mail(topic: _Topic, number: int) -> EmailMessage:
    turn = number // len(_HAM)  # how often this subject was used before
    mail = EmailMessage(policy=SMTP)
    name, address = topic.people[turn % len(topic.people)]
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = "Bob Stone <bob@harbor.test>"
    mail["Subject"] = topic.subjects[turn % len(topic.subjects)]
    mail["Date"] = f"Mon, 23 Nov 2026 {6 + number // 6:02}:{number % 60:02}:00 +0000"
    mail["Message-ID"] = f"<{turn}.{number}@{address.partition('@')[2]}>"
    count = len(topic.sentences)
    chosen = [topic.sentences[(turn * 2 + step * (1 + turn % 2)) % count] for step in range(3 + turn % 3)]
    mail.set_content("\n".join(dict.fromkeys(chosen)) + "\n")
    return mail
