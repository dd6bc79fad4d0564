"""What an entity tells beside its header, its content and its parts."""

from __future__ import annotations

from scop.mime import parse
from scop.mime.fields.message_ids import MessageId
from scop.mime.flowed import Paragraph

_STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.harbor.test\r\n\r\n"
    b"Final-Recipient: rfc822; a@b.test\r\nStatus: 5.1.1\r\n\r\n\r\nFinal-Recipient: rfc822; c@d.test\r\n"
)


def test_blocks_of_a_delivery_status_are_headers() -> None:
    """First the fields of the mail, then those of each recipient (RFC 3464 §2.1)."""
    blocks = parse(_STATUS).field_blocks
    assert ["dns; mx.harbor.test", None, None] == [block.get("Reporting-MTA") for block in blocks]
    assert [None, "5.1.1", None] == [block.get("Status") for block in blocks]


def test_external_body_has_the_fields_of_what_is_elsewhere() -> None:
    """The content of a message/external-body is a header (RFC 2046 §5.2.3); a partial mail is a leaf (§5.2.2)."""
    external = parse(b"Content-Type: message/external-body; access-type=x\n\nContent-ID: <a@b>\n\nphantom\n")
    assert "<a@b>" == external.field_blocks[0].get("content-id")
    assert () == external.parts
    assert () == parse(b"Content-Type: message/partial; number=1; total=2; id=x\n\nSubject: y\n\nz").parts


def test_flowed_text_is_paragraphs() -> None:
    """format=flowed joins lines that end with a space (RFC 3676 §4)."""
    message = parse(b"Content-Type: text/plain; format=flowed\r\n\r\n> one \r\n> two\r\nthree\r\n")
    assert (Paragraph(1, "one two"), Paragraph(0, "three")) == message.paragraphs


def test_uuencoded_file_in_a_text_is_found() -> None:
    """A file that stands in a text has its name and its content."""
    (file,) = parse(b"Subject: x\n\nhello\nbegin 644 cat.txt\n#0V%T\n`\nend\n").uuencoded_files
    assert ("cat.txt", b"Cat") == (file.filename, file.content)


def test_identifiers_of_a_conversation_are_read() -> None:
    """Message-ID, In-Reply-To and References (RFC 5322 §3.6.4)."""
    message = parse(b"Message-ID: <c@d>\nReferences: <a@b>\n <b@c>\nIn-Reply-To: <b@c>\n\n")
    assert MessageId("c", "d") == message.message_id
    assert (MessageId("a", "b"), MessageId("b", "c")) == message.references
    assert (MessageId("b", "c"),) == message.in_reply_to
    assert None is parse(b"\n").message_id


def test_hops_are_read_from_the_last_to_the_first() -> None:
    """Each host prepends its own field (RFC 5321 §4.4)."""
    hop = b"Received: from a by %s with ESMTP; Wed, 25 Nov 2026 12:00:00 +0000\n"
    assert ["second", "first"] == [one.by for one in parse(hop % b"second" + hop % b"first" + b"\n").received]
