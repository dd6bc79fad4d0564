"""OpenDKIM and rspamd beside us: what each says of mails of the corpus and of mails sealed a moment ago.

Every kind of disagreement is named with its reason, here and in docs/verifier-differences.md; any other fails.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.peers import rspamd

from fakes.primary_program import running_primary
from fakes.sealed_corpus import SentMail, corpus_mails, fresh_mails, world_zone
from scop.cells.verifier.judgement import Judgement, Sending, judge
from scop.cli.check_names import zone_names
from scop.dns import Answer, Question, StaticNames
from scop.smtp import Mailbox

pytestmark = pytest.mark.interop

CORPUS_MAILS = 2000
FRESH_MAILS = 200
NAMES, RSPAMD, PORT = "127.0.77.1", "127.0.77.2", 11333
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# rspamd's symbols in our words. It has one symbol for what fails and none for what has expired.
DKIM_SYMBOLS = {
    "R_DKIM_ALLOW": "pass",
    "R_DKIM_REJECT": "fail",
    "R_DKIM_PERMFAIL": "permerror",
    "R_DKIM_TEMPFAIL": "temperror",
    "R_DKIM_NA": "none",
}
SPF_SYMBOLS = {
    "R_SPF_ALLOW": "pass",
    "R_SPF_FAIL": "fail",
    "R_SPF_SOFTFAIL": "softfail",
    "R_SPF_NEUTRAL": "neutral",
    "R_SPF_NA": "none",
    "R_SPF_PERMFAIL": "permerror",
    "R_SPF_DNSFAIL": "temperror",
}
DMARC_SYMBOLS = {
    "DMARC_POLICY_ALLOW": "pass",
    "DMARC_POLICY_REJECT": "fail",
    "DMARC_POLICY_QUARANTINE": "fail",
    "DMARC_POLICY_SOFTFAIL": "fail",
    "DMARC_NA": "none",
}
_STRING = re.compile(r'"([^"]*)"')
OPENDKIM_WORDS = (
    (r"succeeded$", "pass"),
    (r"failed: signature verification failed$", "fail"),
    (r"failed: (key revoked|key DNS query failed|signature expired)$", "permerror"),
    (r"message not signed$", "none"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one judge says of one mail under one mechanism."""

    judge: str
    mechanism: str
    word: str


class _Names:
    def __init__(self, names: StaticNames) -> None:
        self._names = names

    async def lookup(self, question: Question) -> Answer:
        return self._names.answer(question)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the world's names in it."""
    missing = [name for name in ("opendkim", "rspamd") if shutil.which(name, path=PATH) is None]
    if missing:
        pytest.fail(f"PEER MISSING: {', '.join(missing)}; `make interop` as root installs them")
    folder = tmp_path_factory.mktemp("verifiers")
    (folder / "world.zone").write_text(world_zone())
    return folder


def test_real_verifiers_agree_with_us_on_who_sent_a_mail(folder: Path) -> None:
    """2,000 mails of the corpus and 200 fresh ones: the same words, or a difference that has its reason."""
    now = int(time.time())
    mails = [*corpus_mails(CORPUS_MAILS, now=now), *fresh_mails(FRESH_MAILS, now=now)]
    assert CORPUS_MAILS + FRESH_MAILS == len(mails)
    ours = asyncio.run(_ours(mails, folder, now))
    unexplained: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    for others in (_opendkim(mails, folder), _rspamd(mails, folder)):
        for mail, judgement, said in zip(mails, ours, others, strict=True):
            for one in said:
                own = _own_word(judgement, one.mechanism)
                if own == one.word:
                    continue
                why = _explanation(mail, own, one)
                counted = explained if why else unexplained
                counted[why or f"{mail.name} ({mail.variant}): {own} by us, {one}"] += 1
    print(json.dumps(explained, indent=1))
    assert {} == dict(unexplained)


def _explanation(mail: SentMail, own: str, said: Said) -> str:
    """Return why we differ, '' where nobody knows."""
    domain = mail.mail_from.partition("@")[2]
    match said.judge, said.mechanism, own, said.word:
        case "rspamd", "spf", "permerror", "fail" if domain == "broken.test":
            return "rspamd passes over a mechanism that it does not know; RFC 7208 §4.6 has the whole record fail"
        case "rspamd", "spf", "permerror", "fail" if domain == "circle.test":
            return "rspamd leaves a circle of includes and goes on; RFC 7208 §4.6.4 ends it as permerror"
        case "rspamd", "dkim", "permerror", "none" if mail.variant == "expired":
            return "rspamd passes over an expired signature without a word"
        case "rspamd", "dmarc", ("fail" | "pass"), "none" if mail.octets.lower().count(b"\r\nfrom:") > 0:
            return "rspamd judges no mail of two From fields; RFC 9989 §11.5 has each domain judged"
        case "rspamd", "dkim", "pass", "fail" if mail.octets.lower().count(b"\r\ncc:") > 1:
            return "rspamd loses count where a field that stands more than once is over-signed (RFC 6376 §5.4.2)"
    return ""


async def _ours(mails: Iterable[SentMail], folder: Path, now: int) -> list[Judgement]:
    names = _Names(zone_names(folder / "world.zone"))
    return [
        await judge(mail.octets, Sending(mail.address, mail.helo, Mailbox.parse(mail.mail_from)), names, now_unix=now)
        for mail in mails
    ]


def _own_word(judgement: Judgement, mechanism: str) -> str:
    if mechanism == "spf":
        return str(judgement.spf.result)
    if mechanism == "dmarc":
        return str(judgement.dmarc.result)
    words = {str(one.result) for one in judgement.dkim} or {"none"}
    return "pass" if "pass" in words else words.pop()


def _opendkim(mails: list[SentMail], folder: Path) -> list[tuple[Said, ...]]:
    places = folder / "mails"
    places.mkdir()
    for number, mail in enumerate(mails):
        (places / str(number)).write_bytes(mail.octets)
    (folder / "keys").write_text("".join(_opendkim_names()))
    (folder / "opendkim.conf").write_text(f"TestDNSData file:{folder}/keys\nMode v\n")
    files = ",".join(str(places / str(number)) for number in range(len(mails)))
    command = ("opendkim", "-x", str(folder / "opendkim.conf"), "-v", "-t", files)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": PATH})
    said: dict[int, str] = {}
    for line in (done.stdout + done.stderr).splitlines():
        found = re.match(rf"opendkim: {re.escape(str(places))}/(\d+): (.*)", line)
        word = next((w for pattern, w in OPENDKIM_WORDS if found and re.search(pattern, found[2])), "")
        if found and word:
            said[int(found[1])] = word
    assert len(mails) == len(said), done.stderr[-1000:]
    return [(Said("OpenDKIM", "dkim", said[number]),) for number in range(len(mails))]


def _opendkim_names() -> Iterable[str]:
    for line in world_zone().splitlines():
        name, _, text = line.partition(" TXT ")
        if "_domainkey" in name:
            yield f"{name} {''.join(_STRING.findall(text))}\n"


def _rspamd(mails: list[SentMail], folder: Path) -> list[tuple[Said, ...]]:
    zone = ("--zone", f".={folder / 'world.zone'}")
    with (
        running_primary(folder / "primary", NAMES, *zone) as primary,
        rspamd.running_rspamd(folder / "rspamd", RSPAMD, PORT, (NAMES, primary.port)),
    ):
        connection = http.client.HTTPConnection(RSPAMD, PORT, timeout=60)
        return [_rspamd_said(connection, mail) for mail in mails]


def _rspamd_said(connection: http.client.HTTPConnection, mail: SentMail) -> tuple[Said, ...]:
    sent = {"IP": mail.address, "From": mail.mail_from, "Helo": mail.helo}
    connection.request("POST", "/checkv2", mail.octets, sent)
    symbols = set(json.loads(connection.getresponse().read())["symbols"])
    return tuple(
        Said("rspamd", mechanism, next((word for symbol, word in table.items() if symbol in symbols), "none"))
        for mechanism, table in (("dkim", DKIM_SYMBOLS), ("spf", SPF_SYMBOLS), ("dmarc", DMARC_SYMBOLS))
    )
