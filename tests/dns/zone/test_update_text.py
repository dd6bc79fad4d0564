"""Changes as people type them, and as scripts of nsupdate have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.rdata import MX, TXT, A
from scop.dns.update import Addition, Deletion, Prerequisite
from scop.dns.zone.update_text import UpdateScript, read_update_lines

ZONE = "harbor.test"
WWW = "www.harbor.test"


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("add www 300 A 192.0.2.1", Addition(WWW, 300, A("192.0.2.1"))),
        ("update add WWW.Harbor.Test. 300 IN A 192.0.2.1", Addition(WWW, 300, A("192.0.2.1"))),
        ('add\t@\t60\tTXT\t"a b" c', Addition(ZONE, 60, TXT((b"a b", b"c")))),
        ("add @ 60 MX 10 mx", Addition(ZONE, 60, MX(10, "mx.harbor.test"))),
        ("delete www", Deletion(WWW, "ANY")),
        ("update delete www a", Deletion(WWW, "A")),
        ("del www 300 IN A 192.0.2.1", Deletion(WWW, "A", A("192.0.2.1"))),
    ],
)
def test_update_text_changes(line: str, change: Addition | Deletion) -> None:
    """Additions and the three deletions of RFC 2136 §2.5; names and values are completed by the zone."""
    assert UpdateScript((), (change,)) == read_update_lines([line], ZONE)


@pytest.mark.parametrize(
    ("line", "prerequisite"),
    [
        ("prereq yxdomain www", Prerequisite(WWW)),
        ("nxdomain www", Prerequisite(WWW, exists=False)),
        ("prereq yxrrset www A", Prerequisite(WWW, "A")),
        ("prereq yxrrset www IN A 192.0.2.1", Prerequisite(WWW, "A", A("192.0.2.1"))),
        ("prereq nxrrset www A", Prerequisite(WWW, "A", exists=False)),
    ],
)
def test_update_text_prerequisites(line: str, prerequisite: Prerequisite) -> None:
    """The five prerequisites of RFC 2136 §2.4."""
    assert UpdateScript((prerequisite,), ()) == read_update_lines([line], ZONE)


@pytest.mark.parametrize("name", ["www", "www.harbor.test", "WWW.harbor.test.", "www.harbor.test."])
def test_update_text_takes_no_name_twice(name: str) -> None:
    """As nsupdate takes it, www.harbor.test is whole: so is what ends as the zone does, in owners and in values."""
    lines = [f"zone {ZONE}", f"update add {name} 60 MX 10 {name}", "send"]
    assert (Addition(WWW, 60, MX(10, WWW)),) == read_update_lines(lines, ZONE).changes


def test_update_text_script_of_nsupdate() -> None:
    """A TTL may be said once for all, and what a script of nsupdate has besides is passed over."""
    script = read_update_lines(["; new host", "ttl 60", "", "update add www A 192.0.2.1", "show", "send"], ZONE)
    assert (Addition(WWW, 60, A("192.0.2.1")),) == script.changes


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("add www A 192.0.2.1", "needs a TTL"),
        ("add www 300", "type and value"),
        ("add www 300 CNAME example.org", "end it with a dot"),
        ("zone other.test", "one UPDATE has one zone"),
        ("add www 300 A", "type and value"),
        ("add www 300 A nowhere", "A 'nowhere'"),
        ("add www 9999999999 A 192.0.2.1", "no TTL"),
        ("add www 300 NOTHING x", "no DNS record type"),
        ("delete", "a name is missing"),
        ("prereq yxrrset www", "prereq"),
        ("prereq nxrrset www A 192.0.2.1", "prereq"),
        ("gsstsig", "none of add"),
        ("server 192.0.2.1 5300", "leave the line out, and say it by --server"),
        ("key home c2VjcmV0", "leave the line out, and say it by --key"),
        ("add a..b 300 A 192.0.2.1", "label"),
    ],
)
def test_update_text_complains_with_the_line(line: str, complaint: str) -> None:
    """What is wrong is named with its line."""
    with pytest.raises(ValueError, match=rf"line 2: .*{complaint}"):
        read_update_lines(["ttl", line] if complaint == "ttl" else ["", line], ZONE)


@given(st.text(max_size=40))
def test_update_text_raises_only_value_error(line: str) -> None:
    """Whatever is typed is a script or refused."""
    try:
        read_update_lines([line, f"add {line}", f"prereq {line}"], ZONE)
    except ValueError:
        return
