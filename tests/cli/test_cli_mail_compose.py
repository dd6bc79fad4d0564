"""`scop mail compose`: a mail out of texts and files, or one sentence that says what to change."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scop.cli.mail import mail
from scop.mime import Message, parse

FROM = ("--from", "Ada <ada@harbor.test>", "--date", "Wed, 25 Nov 2026 09:00:00 +0000", "--message-id", "1@harbor.test")


def compose(*words: str | Path, stdin: bytes = b"Text\n") -> Result:
    """Run the command."""
    return CliRunner().invoke(mail, ["compose", *map(str, words)], input=stdin)


def composed(*words: str | Path, stdin: bytes = b"Text\n") -> Message:
    """Run the command and read what it wrote."""
    done = compose(*FROM, *words, stdin=stdin)
    assert 0 == done.exit_code, done.output
    return parse(done.stdout_bytes)


def test_cli_mail_compose_writes_fields_and_text() -> None:
    """Bcc is in no mail."""
    message = composed(
        *("--to", "bob@harbor.test", "--cc", "c@harbor.test", "--bcc", "d@harbor.test", "--subject", "Grüße"),
        *("--header", "List-Id: Tides <tides.harbor.test>", "--reply-to", "e@harbor.test", "--sender", "s@harbor.test"),
        stdin="Schöne Grüße\n".encode(),
    )
    names = ["Date", "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "Subject", "List-Id", "MIME-Version"]
    assert names == [field.name for field in message.header.fields][: len(names)]
    assert ("Grüße", "Schöne Grüße\r\n") == (message.header.get("subject"), message.text)
    assert () == message.defects


def test_cli_mail_compose_puts_files_where_they_belong(tmp_path: Path) -> None:
    """Attachments by their names and types; an inline file under the id that the HTML uses."""
    for name, content in (("a.html", b"<img src=cid:b.png@harbor.test>"), ("b.png", b"\x89PNG"), ("c.tar.gz", b"\x1f")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "d.eml").write_bytes(b"Subject: enclosed\n\nText\n")
    files = [tmp_path / name for name in ("a.html", "b.png", "c.tar.gz", "d.eml")]
    message = composed(
        "--text", "-", "--html", files[0], "--inline", files[1], "--attach", files[2], "--attach", files[3]
    )
    assert [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"),
        *("application/octet-stream", "message/rfc822", "text/plain"),
    ] == [entity.content_type.media_type for entity in message.walk()]
    image = next(entity for entity in message.walk() if entity.filename == "b.png")
    assert ("<b.png@harbor.test>", b"\x89PNG") == (image.header.get("content-id"), image.content)
    named = composed("--html", files[0], "--inline", f"logo@x.test={files[1]}")
    assert ["<logo@x.test>"] == [i for entity in named.walk() if (i := entity.header.get("content-id"))]


def test_cli_mail_compose_to_a_file_and_as_json(tmp_path: Path) -> None:
    """The envelope's recipients are named, those of groups and of Bcc too."""
    output = tmp_path / "mail.eml"
    words = (*FROM, "--to", "Bob <bob@harbor.test>", "--cc", "Crew: c@harbor.test;", "--bcc", "d@harbor.test")
    told = json.loads(compose(*words, "--output", output, "--json").output)
    octets = output.read_bytes()
    assert {
        "size_octets": len(octets),
        "recipients": ["bob@harbor.test", "c@harbor.test", "d@harbor.test"],
        "output": str(output),
    } == told
    assert octets == base64.b64decode(json.loads(compose(*words, "--json").output)["octets"])


def test_cli_mail_compose_carries_what_the_next_hop_can() -> None:
    """UTF-8 addresses need SMTPUTF8."""
    octets = compose("--from", "ä@b.test", "--next-hop", "smtputf8").stdout_bytes
    assert b"From: \xc3\xa4@b.test\r\n" in octets
    assert b"8bit" in compose(*FROM, "--next-hop", "8bit", stdin="ü\n".encode()).stdout_bytes


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--from", "nobody"), "--from: not an address: 'nobody'; write it as local@domain"),
        ((*FROM, "--to", "@"), "--to: not an address"),
        (("--from", "ä@b.test"), "--from: 'ä@b.test' has no form in ASCII"),
        (("--from", "ä@b.test"), "say --next-hop smtputf8"),
        ((*FROM, "--subject", "a\nBcc: x@y.test"), "--subject: control character; write it on one line"),
        ((*FROM, "--header", "Subject: x"), "--header: Subject does not belong here; it has an option of its own"),
        ((*FROM, "--header", "no field"), "write it as 'Name: value'"),
        ((*FROM, "--header", "X-A: a\nBcc: x@y.test"), "a line end would begin another field"),
        ((*FROM, "--header", "Content-Type: text/html"), "--header: Content-Type does not belong here"),
        (("--from", "a@b.test", "--date", "never"), "--date 'never': no date; write it as"),
        (("--from", "a@b.test", "--message-id", "x"), "--message-id: not a message id: 'x'; write it as unique@domain"),
        (
            ("--from", "a@b.test", "--message-id", "ä@b.test"),
            "Error: Message-ID needs a next hop with SMTPUTF8: say --next",
        ),
        ((*FROM, "--attach", "/no/such/file"), "--attach /no/such/file: No such file or directory"),
        ((*FROM, "--inline", "/no/such/file"), "--inline /no/such/file: No such file or directory"),
        ((*FROM, "--text", "/no/such/file"), "--text /no/such/file: No such file or directory"),
        ((*FROM, "--inline", __file__), "--inline: no HTML shows it; give --html, or --attach the file"),
        ((*FROM, "--text", "-", "--html", "-"), "--text and --html cannot both be standard input"),
    ],
)
def test_cli_mail_compose_names_the_option_and_the_remedy(words: tuple[str, ...], expected: str) -> None:
    """And writes nothing."""
    done = compose(*words)
    assert done.exit_code
    assert expected in done.output.replace("\n", " ")


def test_cli_mail_compose_takes_text_that_is_utf_8_only() -> None:
    """Anything else is a file."""
    assert "not UTF-8; convert it, or send it with --attach" in compose(*FROM, stdin=b"\xff").output


def test_cli_mail_compose_makes_an_ascii_message_id_for_any_domain() -> None:
    """So that an address with U-labels, which has a form in ASCII, is enough for any next hop."""
    done = compose("--from", "a@bücher.test")
    assert 0 == done.exit_code, done.output
    assert (parse(done.stdout_bytes).header.get("Message-ID") or "").endswith("@xn--bcher-kva.test>")
