"""The demo is the main job: everything it says must be true, with our letters and with other people's mail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.corpus import corpus_sample
from fakes.real_mesh import world_of
from fakes.shared import shared_path
from scop.cli.demo.letters import letters
from scop.cli.demo.results import Results
from scop.cli.demo.scene import BAN_SECONDS
from scop.cli.demo.story import Wanted, tell
from scop.dmarc import author_domains
from scop.hamlet import generate
from scop.mime import parse

# Mails of the vectors that are refused, each with the reason: our strictness, not an accident.
REFUSED = {
    "enmime/testdata/encode/part-message-rfc822.golden": "550 5.6.0 Message contains bare CR, bare LF or NUL",  # a NUL
}
# Taken at submission, but harbor knows nobody by whose policy to judge them: From names no domain.
REFUSED_BY_HARBOR = {"vectors/mail-parser/rfc/001.eml", "vectors/mail-parser/rfc/004.eml"}
EVERY = 12  # of the corpus: 504 mails


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our letters, generated mails, those of the vectors and real ones; `a` is sent first."""
    folder = tmp_path_factory.mktemp("mails")
    shutil.copytree(shared_path("vectors", "mime"), folder / "vectors")
    real = {f"{number}.eml": octets for number, (_, octets) in enumerate(corpus_sample(EVERY))}
    generated = {f"{number}.eml": generate(3, number) for number in range(120)}
    # Whoever claims to write from the demo's own domains is refused for that, rightly.
    own = (b"harbor.test", b"lagoon")
    generated = {name: octets for name, octets in generated.items() if not any(each in octets for each in own)}
    ours = {mail.name: mail.octets for mail in letters()}
    for place, files in (("a", ours), ("corpus", real), ("hamlet", generated)):
        (folder / place).mkdir()
        for name, octets in files.items():
            (folder / place / name).with_suffix(".eml").write_bytes(octets)
    return folder


@pytest.fixture(scope="module")
def results(mails: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One run of the demo over all of them, at addresses of this test's own."""
    folder = tmp_path_factory.mktemp("demo")
    for parent in (folder, *folder.parents):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    return tell(Wanted(folder=folder / "demo", mails=mails, quiet=True, world=world_of("demo")))


def test_demo_every_letter_is_delivered_and_every_attack_fails(results: Results) -> None:
    """The journey names every cell on the way; signed names vouch for the sender, and DANE for the host (RFC 7672)."""
    assert ("secure", True) == (results.names, results.way.endswith("proved by DANE"))
    assert ({}, True) == (results.changed, results.right)
    on_the_way = [
        ("lagoon.test", "submission"),
        ("lagoon.test", "signer"),
        ("lagoon.test", "relay"),
        ("harbor.test", "receiver"),
        ("harbor.test", "filter"),
        ("harbor.test", "verifier"),
        ("harbor.test", "mailbox"),
    ]
    assert set(on_the_way) == {(step.organisation, step.cell) for step in results.journey}


def test_demo_shuts_a_forger_out_and_tells_whom_he_forged(results: Results) -> None:
    """At connect after his tenth forged mail, for the time of the ban; lagoon reads of all ten (RFC 9990)."""
    assert results.siege is not None
    assert results.senders is not None
    assert (10, "421 4.7.1 Forged mail came") == (results.siege.forged_mails, results.siege.answer[:26])
    assert results.siege.seconds >= BAN_SECONDS
    assert [10] == [source.rejected for source in results.senders.sources if source.unaligned]


def test_demo_sorts_spam_and_malware_and_learns_from_a_move(results: Results) -> None:
    """Spam lies in Junk; one mail moved out of it brings the next of its like to INBOX; a program lies apart."""
    sorting = results.sorting
    assert sorting is not None
    landed = (sorting.spam, sorting.newsletter, sorting.next_issue, sorting.malware)
    assert ["Junk", "Junk", "INBOX", "Quarantine"] == [one.folder for one in landed]
    assert "invoice.pdf.exe in invoice.zip is a program for Windows" in sorting.malware.warning


def test_demo_renews_keys_while_mail_flows(results: Results) -> None:
    """Every mail is verified, by the keys of before or the new ones, which seal in the end (RFC 6376 §3.1)."""
    before, letter = results.rotation
    assert letter is not None
    assert (2, 2, True) == (len(before), len(letter.selectors), letter.sealed)
    assert set() == set(before) & set(letter.selectors)
    assert all(stored.sealed for stored in results.stored.values())


def test_demo_each_mail_that_is_refused_is_known(mails: Path, results: Results) -> None:
    """Each vector that is refused is listed here, and of the generated mails those with NUL; no other is."""
    with_nul = {f"hamlet/{path.name}" for path in (mails / "hamlet").iterdir() if b"\0" in path.read_bytes()}
    refused = {outcome.mail.name: f"{outcome.code} {outcome.text}" for outcome in results.refused}
    vectors = {f"vectors/{name}": words for name, words in REFUSED.items()}
    assert vectors == {name: words for name, words in refused.items() if name not in with_nul}
    assert with_nul == set(refused) - set(vectors)


def test_demo_each_mail_that_harbor_refuses_is_known(mails: Path, results: Results) -> None:
    """Those whose From names no domain, and no other; a mail without From has got one at submission (RFC 6409 §8)."""
    generated = {path.name: parse(path.read_bytes()) for path in (mails / "hamlet").iterdir()}
    nameless = {
        f"hamlet/{name}" for name, mail in generated.items() if mail.header.every("From") and not author_domains(mail)
    }
    taken = {outcome.mail.name for outcome in results.accepted}
    assert REFUSED_BY_HARBOR | nameless & taken == set(results.refused_by_harbor)
    assert all("550 5.7.1 From" in words for words in results.refused_by_harbor.values())


@pytest.mark.parametrize(("place", "least"), [("a", 16), ("corpus", 500), ("vectors", 160), ("hamlet", 40)])
def test_demo_delivers_octet_for_octet_whatever_it_is_given(results: Results, place: str, least: int) -> None:
    """Our letters, real mails, the vectors and what Hamlet wrote arrive as they were written."""
    assert least <= sum(outcome.mail.name.startswith(f"{place}/") for outcome in results.delivered)
