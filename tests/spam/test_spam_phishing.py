"""Phishing: each trick is found with a sentence, its honest neighbour is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.mime import Address
from scop.spam.evidence import Evidence, Form, Link, evidence_of
from scop.spam.phishing import Acquaintances, Suspicion, Trick, suspicions_of

OURS = "harbor.test"
ADA = Address("Ada Lovelace", "ada@harbor.test")
GRACE = Address("Grace Hopper", "grace@lagoon.example")
STRANGER = Address("", "x@evil.test")


def mail(**facts: object) -> Evidence:
    """Return the evidence of a mail with these facts."""
    return Evidence(tokens=(), octets=b"", **facts)  # type: ignore[arg-type]  # each test gives its own


def known(*wanted: Evidence) -> Acquaintances:
    """Return whom we know after these wanted mails."""
    acquaintances = Acquaintances((OURS,))
    for evidence in (mail(author=GRACE, recipients=(ADA,)), *wanted):
        acquaintances.take(acquaintances.introduction_of(evidence))
    return acquaintances


def found(evidence: Evidence, acquaintances: Acquaintances | None = None) -> list[tuple[Trick, str]]:
    """Return what is suspicious about a mail to us."""
    return [(one.trick, one.reason) for one in suspicions_of(evidence, acquaintances or known())]


@pytest.mark.parametrize(
    ("text", "target", "reason"),
    [
        ("https://www.lagoon.example/login", "http://evil.test/", "reads as lagoon.example leads to evil.test"),
        ("www.lagoon.example", "http://a.evil.test:8080/x", "reads as lagoon.example leads to a.evil.test"),
        ("lagoon.example", "HTTPS://192.0.2.7/", "reads as lagoon.example leads to 192.0.2.7"),
        ("here", "http://www.lagoon.example@evil.test/", "reads as lagoon.example leads to evil.test"),
        ("Log in at https://lagoon.example/x now", "http://evil.test/", "reads as lagoon.example leads to evil.test"),
        ("https://lag\u200boon\u3002example", "http://evil.test/", "reads as lagoon.example leads to evil.test"),
        ("www.lagoon.example", "ht\ttp://ev\nil.test/", "reads as lagoon.example leads to evil.test"),
        ("https://münchen.example/", "http://evil.test/", "reads as xn--mnchen-3ya.example leads to evil.test"),
    ],
)
def test_link_that_reads_as_another_place(text: str, target: str, reason: str) -> None:
    """What a reader takes for the address and where it leads are told apart."""
    assert [(Trick.LINK_TARGET, f"A link that {reason}.")] == found(mail(author=STRANGER, links=(Link(text, target),)))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("our shop", "http://evil.test/"),
        ("www.lagoon.example", "https://click.lagoon.example/x"),
        ("www.lagoon.example", "https://lagoon.co.uk/"),  # the same house, more often than not
        ("minutes.pdf", "https://evil.test/minutes.pdf"),
        ("www.lagoon.example", "mailto:x@evil.test"),
        ("write to x@lagoon.example", "http://evil.test/"),
        ("log in at lagoon.example", "http://evil.test/"),  # words with dots are names of many things
    ],
)
def test_link_that_names_no_other_place(text: str, target: str) -> None:
    """A text that is no address, the same house, and what is no web link are no finding."""
    assert [] == found(mail(author=STRANGER, links=(Link(text, target),)))


def test_sender_that_counts_who_follows_its_own_links() -> None:
    """A sender may show its own address and lead elsewhere, unless it is one that others want to be taken for."""
    links = (Link("www.shop.test", "http://click.test/1"),)
    assert [] == found(mail(author=Address("", "news@shop.test"), links=links))
    bank = mail(author=Address("", "x@paypal.com"), links=(Link("www.paypal.com", "http://click.test/1"),))
    assert [Trick.LINK_TARGET] == [trick for trick, _ in found(bank)]


def test_redirection_that_wanted_mail_has_is_known() -> None:
    """A newsletter's redirector is learned, but it may not stand behind a name that is worth imitating."""
    newsletter = mail(author=Address("", "news@reader.test"), links=(Link("www.shop.test", "http://click.test/1"),))
    acquaintances = known(newsletter)
    others = (Link("www.other.test", "http://click.test/2"), Link("www.paypal.com", "http://click.test/3"))
    reasons = ["A link that reads as paypal.com leads to click.test."]
    assert reasons == [reason for _, reason in found(mail(author=STRANGER, links=others), acquaintances)]


@pytest.mark.parametrize(
    ("domain", "imitated"),
    [
        ("lag00n.example", "lagoon.example"),  # digits for letters
        ("lagooon.example", "lagoon.example"),  # one more
        ("lagon.net", ""),  # five letters have too many honest neighbours
        ("1agoon.test", "lagoon.example"),
        ("lagoon-billing.test", "lagoon.example"),  # dressed up
        ("secure-lagoon.test", "lagoon.example"),
        ("paypalsecurity.test", "paypal.com"),
        ("paypa1-security.test", "paypal.com"),
        ("lagoon.example.evil.test", "lagoon.example"),  # a subdomain of somewhere else
        ("www-lagoon-example.lagoon-example.test", "lagoon.example"),
        ("xn--pypal-4ve.test", "paypal.com"),  # a Cyrillic а
        ("paypai.test", "paypal.com"),
        ("rnicrosoft.test", "microsoft.com"),
        ("micorsoft.test", "microsoft.com"),  # swapped
        ("ebay.test", ""),  # may be the same house
        ("mail.lagoon.example", ""),
        ("lagoon-regatta.test", ""),  # words that are no bait
        ("apply.test", ""),
        ("finance.test", ""),  # a word, and one letter from a house
        ("login.microsoftonline.com", ""),
        ("evil.test", ""),
        ("freemail.test", ""),
    ],
)
def test_look_alike_of_whom_we_know(domain: str, imitated: str) -> None:
    """Names that are made to be taken for others are found, honest neighbours are not."""
    reasons = [f"“{domain}” looks like {imitated} and is not."] if imitated else []
    assert reasons == [reason for _, reason in found(mail(author=Address("", f"x@{domain}")))]


@pytest.mark.parametrize(
    ("place", "facts"),
    [
        ("Reply-To", {"author": GRACE, "reply_to": Address("", "grace@lag0on.example")}),
        ("link", {"links": (Link("here", "http://www.lag0on.example/"),)}),
        ("form", {"forms": (Form("https://lag0on.example/post", asks_password=False),)}),
        ("text", {"text": "see https://lag0on.example/ now"}),
    ],
)
def test_look_alike_is_found_wherever_a_host_stands(place: str, facts: dict[str, object]) -> None:
    """Addresses, links, forms and the text are looked at."""
    suspicions = suspicions_of(mail(**facts), known())
    assert place in [one.place for one in suspicions if one.trick is Trick.LOOK_ALIKE]


def test_look_alike_of_our_own_domain() -> None:
    """Our own domain is named as such."""
    reason = "“harb0r.test” looks like our own harbor.test and is not."
    assert [(Trick.LOOK_ALIKE, reason)] == found(mail(author=Address("", "x@harb0r.test")))


@pytest.mark.parametrize("domain", ["harbor.co", "harbor-hr.test", "group-harbor.example"])
def test_our_own_name_elsewhere(domain: str) -> None:
    """All that is ours is known, so our name under another top level or with any word is a look-alike."""
    reason = f"“{domain}” looks like our own harbor.test and is not."
    assert [(Trick.LOOK_ALIKE, reason)] == found(mail(author=Address("", f"x@{domain}")))
    assert [] == found(mail(author=Address("", "x@harborer.test")))


def test_neighbour_that_wrote_wanted_mail_is_none() -> None:
    """Who looks like somebody else but writes wanted mail is known, and so is what wanted mail links to."""
    neighbour = mail(author=Address("", "x@lagooon.example"), links=(Link("here", "http://lag0on.example/"),))
    acquaintances = known(neighbour)
    assert [] == found(neighbour, acquaintances)


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "LOVELACE, Ada", "Ádа Lovelace", "ada  lovelace", "\u200bAda Lovelace", "Dr. Ada M. Lovelace"],
)
def test_name_of_our_people_from_outside(name: str) -> None:
    """A name that people write to us by is ours, in any order, case and disguise."""
    tricks = [trick for trick, _ in found(mail(author=Address(name, "x@evil.test")))]
    assert [Trick.OUR_PERSON] == tricks


@pytest.mark.parametrize("author", [ADA, Address("Ada", "x@evil.test"), Address("Grace Hopper", "x@evil.test")])
def test_name_that_is_nobody_of_ours(author: Address) -> None:
    """Our own address, half a name, and names of others are no finding."""
    assert [] == found(mail(author=author))


def test_own_private_address_is_learned() -> None:
    """One of ours who wrote wanted mail from elsewhere may do so again."""
    private = mail(author=Address("Ada Lovelace", "ada@home.test"))
    assert [Trick.OUR_PERSON] == [trick for trick, _ in found(private)]
    assert [] == found(private, known(private))


def test_name_that_shows_an_address() -> None:
    """A display name that is an address of ours, or of somebody known, is not the sender's."""
    ours = mail(author=Address("ada@harbor.test", "x@evil.test"))
    theirs = mail(author=Address("service@paypal.com", "x@evil.test"))
    assert [Trick.OUR_PERSON, Trick.LOOK_ALIKE] == [trick for one in (ours, theirs) for trick, _ in found(one)]


@pytest.mark.parametrize(
    ("name", "address", "trick"),
    [
        ("PayPal Service", "x@evil.test", Trick.LOOK_ALIKE),
        ("Micros0ft account team", "no-reply@evil.test", Trick.LOOK_ALIKE),
        ("Bank of America", "x@evil.test", Trick.LOOK_ALIKE),
        ("Apple Support", "x@evil.test", Trick.LOOK_ALIKE),
        ("harbor.test Helpdesk", "x@evil.test", Trick.OUR_PERSON),
        ("Harbor IT", "x@evil.test", Trick.OUR_PERSON),
        ("PayPal", "service@paypal.co.uk", None),
        ("Facebook", "notification@facebookmail.com", None),
        ("Apple Martin", "x@evil.test", None),
        ("Harbor Lights", "x@evil.test", None),
        ("Grace Hopper", "x@evil.test", None),
        ("Notes of a meeting.", "x@evil.test", None),
    ],
)
def test_sender_that_goes_by_the_name_of_a_house(name: str, address: str, trick: Trick | None) -> None:
    """A well-known house, or ours, in the sender's name is found where the address is another's."""
    assert ([trick] if trick else []) == [one for one, _ in found(mail(author=Address(name, address)))]


def test_form_that_asks_for_a_password() -> None:
    """The sentence says where it goes."""
    forms = (Form("http://evil.test/post", asks_password=True), Form("http://evil.test/q", asks_password=False))
    reason = "A form in this mail asks for a password and sends it to evil.test."
    assert [(Trick.CREDENTIAL_FORM, reason)] == found(mail(author=STRANGER, forms=forms))


def test_answer_that_goes_elsewhere() -> None:
    """Another house in Reply-To is told mildly; a list that was written to, and whom we know, are not."""
    elsewhere = mail(author=Address("", "x@bank.test"), reply_to=STRANGER)
    reason = "It says that it comes from bank.test, but an answer would go to x@evil.test."
    assert (Suspicion(Trick.REPLY_ELSEWHERE, "Reply-To", reason),) == suspicions_of(elsewhere, known())
    assert [] == found(mail(author=STRANGER, reply_to=GRACE))
    club = Address("", "club@lists.test")
    assert [] == found(mail(author=STRANGER, reply_to=club, recipients=(club,)))


@pytest.mark.parametrize(
    "text",
    [
        "Please note that our bank details have changed. Pay the invoice to IBAN DE89 3704 0044 0532 0130 00.",
        "Kindly update my direct deposit before the next payroll.",
        "Unsere Bankverbindung hat sich geändert, bitte überweisen Sie die Rechnung dorthin.",
        "Nos coordonnées bancaires ont changé : merci de régler la facture par virement.",
        "Hemos cambiado nuestra cuenta bancaria; la factura se paga allí.",
        "Le nostre coordinate bancarie sono cambiate: saldare la fattura.",
        "У нас изменились банковские реквизиты для оплаты.",
        "我们的银行账户已变更,请付款到新账户。",
    ],
)
def test_changed_bank_details_from_a_stranger(text: str) -> None:
    """A stranger who speaks of a new account is told, in many languages; one who wrote wanted mail before is not."""
    assert [Trick.BANK_DETAILS] == [trick for trick, _ in found(mail(author=STRANGER, text=text))]
    assert [] == found(mail(author=GRACE, text=text))


@pytest.mark.parametrize(
    "text",
    [
        "The new boat is ready, and the bank of the river is dry.",
        "Pay the invoice to our bank account IBAN DE89 3704 0044 0532 0130 00.",
        "Your account has a new look.",
    ],
)
def test_money_without_a_change(text: str) -> None:
    """An account that is not said to be new is none of it."""
    assert [] == found(mail(author=STRANGER, text=text))


def test_untaught_says_nothing_of_strangers() -> None:
    """Who knows nobody does not call anybody a stranger."""
    reasons = [reason for _, reason in found(mail(author=GRACE, text="new bank details, pay there"), Acquaintances())]
    assert ["This mail speaks of changed bank details. Ask by telephone before you pay."] == reasons


def test_sentences_are_bounded_and_printable() -> None:
    """What a mail brings is escaped and cut before it stands in a sentence."""
    evil = mail(
        author=Address("Ada Lovelace\x1b[2J", "x" * 500 + "@evil.test"), reply_to=Address("", "\x07@elsewhere.test")
    )
    for one in suspicions_of(evil, known()):
        assert len(one.reason) < 300
        assert one.reason.isprintable()


@drawn(30)
@given(st.binary(max_size=300), st.text(max_size=80), st.text(max_size=80))
def test_any_mail_is_looked_at(octets: bytes, text: str, target: str) -> None:
    """No mail, link or name raises anything, and what is found is bounded."""
    evidence = evidence_of(b"From: Ada <a@b.test>\r\n\r\n" + octets)
    strange = mail(
        author=Address(text, f"x@{target}"),
        links=(Link(text, f"http://{target}"),),
        forms=(Form(target, True),),
        text=text,
    )
    for one in (evidence, strange):
        acquaintances = known(one)
        assert len(suspicions_of(one, acquaintances)) <= 8
