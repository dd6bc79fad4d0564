"""The forms in which reports leave the reporter and reach it: by the schema of RFC 9990, and as anybody writes them."""

from __future__ import annotations

import email
import gzip
from collections import Counter
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
import xmlschema
from msgspec.structs import replace

from fakes.running_reporter import RUA, World, judged, running_reporter
from fakes.shared import shared_path
from scop.mesh.vocabulary.reporter import (
    DkimJudged,
    JudgedMail,
    NoteJudgements,
    Override,
    PublishedPolicy,
    ReadReports,
    SendReports,
)

PLAIN = judged()
# Words that no standard has, and characters that XML has not: whoever forges a mail or writes a record chooses them.
ODD = PublishedPolicy("lagoon.test", "None", "x", "", "S", "q", "Y", fo="<&\0'\">", rua=(RUA,))


def counted() -> tuple[JudgedMail, ...]:
    """Return a mail for each word that the verifier has, and some whose words are odd."""
    spf = [
        replace(PLAIN, spf_result=word)
        for word in ("none", "pass", "fail", "softfail", "neutral", "temperror", "permerror", "odd")
    ]
    dkim = [
        replace(PLAIN, dkim=(DkimJudged("lagoon.test", selector, word),))
        for selector, word in (("s", "policy"), ("", "permerror"), ("<&\x1b>", "odd"), ("s", "temperror"))
    ]
    overrides = [
        replace(PLAIN, disposition=disposition, overrides=(Override(word, "why\0 <not> &"),))
        for disposition, word in (
            ("none", "policy_test_mode"),
            ("none", "trusted_forwarder"),
            ("reject", "local_policy"),
            ("none", "other"),
            ("odd", "odd"),
        )
    ]
    null = replace(PLAIN, envelope_from="", spf_domain="mx.lagoon.test", spf_scope="helo")
    return (*spf, *dkim, *overrides, null, replace(PLAIN, spf_domain=""), replace(PLAIN, source_address="2001:db8::1"))


@pytest.mark.parametrize("policy", [PLAIN.policy, ODD], ids=["usual", "odd"])
async def test_reporter_sends_what_the_schema_allows(tmp_path: Path, policy: PublishedPolicy) -> None:
    """RFC 9990 appendix A: the document within the mail that is handed to the signer, whatever was judged."""
    world = World(tmp_path)
    mails = tuple(replace(one, policy=policy) for one in counted())
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements(mails))
        await reporter.operator.call(SendReports())
        await world.kept.until("report.passed")
    (octets,) = world.signed.messages
    parts = email.message_from_bytes(octets, policy=SMTP).walk()
    (packed,) = (part for part in parts if part.get_content_type() == "application/gzip")
    document = gzip.decompress(packed.get_content())
    schema = xmlschema.XMLSchema(str(shared_path("standards", "dmarc-aggregate-report.xsd")))
    schema.validate(document.decode().partition("?>")[2])
    assert len(mails) == document.count(b"<record>")


def letter(path: Path) -> bytes:
    """Return a sample as it comes: a mail, or what somebody attached to one."""
    octets = path.read_bytes()
    if path.suffix == ".eml":
        return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = "reports@sea.test", "reports@harbor.test", "Report"
    message.add_attachment(octets, "application", "octet-stream", filename=path.name)
    message.set_boundary("sea")
    return message.as_bytes()


async def test_reporter_keeps_every_form_that_comes(tmp_path: Path) -> None:
    """Old and new, failure and TLS; gz, zip and plain; broken ones too: each is taken, read and shown, none is lost."""
    samples = (path for path in shared_path("vectors", "reports", "samples").rglob("*") if path.is_file())
    letters = set(map(letter, samples))  # one of them stands there twice but for its line ends
    async with running_reporter(World(tmp_path)) as reporter:
        for octets in sorted(letters):
            assert (await reporter.deliver(octets)).is_positive
        await reporter.world.kept.until("report.read", len(letters))
        arrived = (await reporter.operator.call(ReadReports())).arrived
    # What is read is foreign: none of them is about harbor.
    expected = {("aggregate", "foreign"): 23, ("failure", "foreign"): 4, ("tls", "foreign"): 4, ("", "broken"): 2}
    assert expected == Counter((one.kind, one.state) for one in arrived)
    assert all(one.reason for one in arrived)
