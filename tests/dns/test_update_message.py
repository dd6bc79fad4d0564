"""UPDATE messages: what we build, dnspython reads; what a server answers, we believe only signed."""

from __future__ import annotations

import dns.message
import dns.rdataclass
import dns.tsig
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns.rdata import TXT, Opaque
from scop.dns.tsig import TsigKey, Verifier
from scop.dns.update import Addition, Change, Deletion, build_update, read_update_reply
from scop.dns.words import Rcode
from scop.dns.zone.answer import header_reply

NOW = 1_800_000_000
KEY = TsigKey("signer.harbor.test", b"k" * 32)
OWNER = "s1._domainkey.harbor.test"


def as_read(*changes: Change) -> dns.update.UpdateMessage:
    """Build an UPDATE and let dnspython read it."""
    octets = build_update("harbor.test", changes, KEY, now_unix=NOW, message_id=7).octets
    message = dns.message.from_wire(octets, keyring=False)
    assert isinstance(message, dns.update.UpdateMessage)
    return message


def test_update_message_is_what_dnspython_reads() -> None:
    """Additions, deletions of one record and of an RRset stand in order (RFC 2136 §2.5)."""
    rdata = TXT.of(b"v=DKIM1; p=abc")
    message = as_read(Deletion(OWNER, "TXT"), Addition(OWNER, 300, rdata), Deletion(OWNER, "TXT", rdata))
    assert ("harbor.test.", 7, True) == (str(message.zone[0].name), message.id, message.had_tsig)
    assert [dns.rdataclass.ANY, None, dns.rdataclass.NONE] == [record.deleting for record in message.update]
    assert f'{OWNER}. 300 IN TXT "v=DKIM1; p=abc"' == message.update[1].to_text()


def test_update_message_unknown_type_by_number() -> None:
    """Types without a name of ours are written as RFC 3597 §5 does."""
    assert 65280 == as_read(Addition(OWNER, 1, Opaque("TYPE65280", b"x"))).update[0].rdtype


@given(st.binary(max_size=1000))
def test_update_txt_is_cut_into_strings(text: bytes) -> None:
    """A long key fills as many strings of 255 octets as it needs; joined, they are the key (RFC 6376 §3.6.2.2)."""
    (record,) = as_read(Addition(OWNER, 300, TXT.of(text))).update[0]
    assert text == b"".join(record.strings)


@pytest.mark.parametrize("rcode", [rcode for rcode in Rcode if rcode < 16])
def test_update_reply_tells_how_it_ended(rcode: Rcode) -> None:
    """The code of a signed reply comes through."""
    sent = build_update("harbor.test", [Deletion(OWNER, "TXT")], KEY, now_unix=NOW, message_id=7)
    sealed = Verifier([KEY]).open(sent.octets, NOW).seal(header_reply(sent.octets, rcode), NOW)
    assert rcode == read_update_reply(sent, sealed, NOW)


def test_update_reply_unsigned_is_not_believed() -> None:
    """Anybody can say NOERROR."""
    sent = build_update("harbor.test", [Deletion(OWNER, "TXT")], KEY, now_unix=NOW, message_id=7)
    with pytest.raises(RemoteProtocolError, match="not signed"):
        read_update_reply(sent, header_reply(sent.octets, Rcode.NOERROR), NOW)
