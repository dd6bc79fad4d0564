"""Hosts and links: whose they are, how they are disguised; a connection's facts, read from our own field only."""

from __future__ import annotations

import pytest

from scop.smtp.stamps import Handover, received_field
from scop.spam.connection import Connection, connection_of
from scop.spam.evidence import evidence_of
from scop.spam.evidence.hosts import host_tokens, registered_domain
from scop.spam.evidence.urls import is_elsewhere, url_tokens

DATE = "Thu, 1 Jan 1970 00:00:01 +0000"


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("www.bank.com", "bank.com"),
        ("bank.com", "bank.com"),
        ("a.b.bank.co.uk", "bank.co.uk"),
        ("co.uk", "co.uk"),
        ("x.y.blogspot.com", "y.blogspot.com"),
        ("a.b.de", "b.de"),
        ("192.0.2.7", "192.0.2.7"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_registered_domain_is_what_somebody_owns(host: str, registered: str) -> None:
    """Below a country's second level and a platform each has a name of his own."""
    assert registered == registered_domain(host)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "HTTP://bank.test@a.evil.test:8080/login",
            {"url:a.evil.test", "url:evil.test", "url:with-user", "url:with-port"},
        ),
        ("http://192.0.2.7/x", {"url:address", "url:192.0.2."}),
        ("http://3232235777/", {"url:address", "trick:number-as-host"}),
        ("http://%65vil.test/", {"url:evil.test", "trick:encoded-host"}),
        ("https://bit.ly/3x", {"url:bit.ly", "url:shortener"}),
        ("http://xn--pypal-4ve.test/", {"trick:foreign-host", "url:like:paypal.test"}),
        ("http://p\u0430ypal.test/", {"trick:foreign-host", "url:like:paypal.test"}),
        ("http://www.paypa1.test/", {"url:paypa1.test", "url:like:www.paypal.test"}),
        ("http://a.b.c.d.e.f.test/", {"url:many-labels", "url:d.e.f.test"}),
        ("//evil.test/a/setup.exe?id=1", {"url:evil.test", "url:/setup", "url:/.exe", "url:?"}),
        ("www.evil.test", {"url:www.evil.test"}),
        ("http:\\\\evil.test\\x", {"url:evil.test"}),
    ],
)
def test_links_tell_where_they_lead(url: str, expected: set[str]) -> None:
    """Host, parents, and every disguise of a host that we know of."""
    assert expected <= set(url_tokens(url))


@pytest.mark.parametrize("url", ["mailto:a@b.test", "#top", "cid:1@x", "", "javascript:x()", "https://"])
def test_what_leads_nowhere_outside_has_no_tokens(url: str) -> None:
    """Only links of the web have a host."""
    assert () == url_tokens(url)


@pytest.mark.parametrize(
    ("text", "target", "elsewhere"),
    [
        ("www.bank.test", "http://evil.test/", True),
        ("https://bank.test/login", "http://bank.test.evil.test/", True),
        ("bank.test", "https://www.bank.test/x", False),
        ("click here", "http://evil.test/", False),
        ("bank.test", "mailto:x@evil.test", False),
    ],
)
def test_text_that_names_another_place(text: str, target: str, *, elsewhere: bool) -> None:
    """Only a text that reads as a host can disagree with the target."""
    assert elsewhere == is_elsewhere(text, target)


def test_punycode_that_is_none_stays_as_it_is() -> None:
    """What does not decode is still a name."""
    assert "url:xn--\u0080.test" in host_tokens("xn--\u0080.test")


def test_connection_is_read_from_the_field_of_our_receiver() -> None:
    """What the receiver writes is what is read back: address, name, HELO, TLS."""
    handover = Handover(
        *("mail.a.test", "mx.a.test", "2001:db8::7", "mx.harbor.test", "ESMTPS", "id", 1.0),
        tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    )
    stamps = b"X-SCoP-Spam: ham\r\n" + received_field(handover)
    assert Connection("2001:db8::7", "mx.a.test", "mail.a.test", "TLSv1.3", DATE) == connection_of(
        stamps, "MX.harbor.test"
    )
    assert connection_of(stamps, "other.test") is None


def test_connection_without_name_and_tls() -> None:
    """Unknown is empty."""
    stamps = received_field(Handover("x", "", "192.0.2.7", "mx.test", "SMTP", "id", 1.0))
    assert Connection("192.0.2.7", "", "x", "", DATE) == connection_of(stamps, "mx.test")


def test_connection_gives_the_tokens_of_a_hop_and_its_tls() -> None:
    """A client is known by the same tokens whether our server met it or another's tells of it."""
    client = Connection("192.0.2.7", "", "friend", "")
    found = evidence_of(b"\r\nx", client).tokens
    assert {"host:192.0.2.", "host:192.0.", "net:no-name", "net:helo-unqualified", "net:no-tls"} <= set(found)
    hop = evidence_of(b"Received: from friend (unknown [192.0.2.7]) by x.test; y\r\n\r\nx").tokens
    assert {token for token in found if token.startswith("net:")} - {"net:no-tls"} <= set(hop)


def test_date_is_held_against_the_moment_of_our_own_server() -> None:
    """Our own field is the last hop, though it is no part of the mail that is weighed; it counts as one."""
    mail = b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\nx"
    found = evidence_of(mail, Connection(date="Sun, 4 Jan 1970 00:00:00 +0000")).tokens
    assert {"date:days-late", "path:hops-1"} <= set(found)
    assert "path:hops-0" in evidence_of(mail).tokens
