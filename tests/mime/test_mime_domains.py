"""Internationalised domain names, both ways."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.base import a_labels
from scop.mime import Address
from scop.mime.fields.domains import to_ascii, to_unicode


@pytest.mark.parametrize(
    ("domain", "ascii_domain", "unicode_domain"),
    [
        ("B.Test", "b.test", "b.test"),
        ("bücher.test", "xn--bcher-kva.test", "bücher.test"),
        ("BÜCHER.Test", "xn--bcher-kva.test", "bücher.test"),
        ("bu\u0308cher.test", "xn--bcher-kva.test", "bücher.test"),  # RFC 5895 §2 (3): NFC
        ("faß.de", "xn--fa-hia.de", "faß.de"),  # IDNA 2003 made "fass" of it
        ("ΒΌΛΟΣ.com", "xn--nxasmq6b.com", "βόλοσ.com"),  # a letter at a time, so no final sigma comes from nowhere
        ("βόλος.com", "xn--nxasmm1c.com", "βόλος.com"),
        ("日本。ｊｐ", "xn--wgv71a.jp", "日本.jp"),  # RFC 5895 §2 (2), (4)
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com", "نامه\u200cای.com"),  # RFC 5892 A.1
        ("क्\u200dष.in", "xn--11b2ezcw70k.in", "क्\u200dष.in"),  # RFC 5892 A.2
        ("क्\u200cष.in", "xn--11b2ezcs70k.in", "क्\u200cष.in"),
        ("col·lecció.cat", "xn--collecci-ioa91d.cat", "col·lecció.cat"),
        ("שלום.test", "xn--9dbne9b.test", "שלום.test"),
        ("_dmarc.é.test", "_dmarc.xn--9ca.test", "_dmarc.é.test"),
        ("[192.0.2.1]", "[192.0.2.1]", "[192.0.2.1]"),
    ],
)
def test_domains_go_both_ways(domain: str, ascii_domain: str, unicode_domain: str) -> None:
    """A-labels for the wire, U-labels for people (RFC 5890 §2.3.2.1)."""
    assert ascii_domain == to_ascii(domain)
    assert unicode_domain == to_unicode(ascii_domain)
    address = Address("", local_part="a", domain=domain)
    assert (ascii_domain, domain) == (address.domain_ascii, address.domain_unicode)


@pytest.mark.parametrize(
    "domain",
    [
        *("", "a.", ".é", "a..é", "é" * 64, "é" * 60, f"{'é.' * 40}a", f"{'a' * 64}.b", f"{'a.' * 127}bc"),
        *("-é", "é-", "ab--é", "xn--é", "\u0301a.é"),  # RFC 5891 §4.2.3.1, §4.2.3.2
        *("☃", "ﬁ.é", "é b", "é_", "é@", "é\u0640", "\u115fé", "é\u200b", "\ud800", "é\u034f", "é\ufffd", "é\u20d0"),
        *("a·b", "·l", "l·", "\u0375a", "\u0375", "\u05f3", "a\u05f3", "a\u30fbb", "é\u200c", "\u200cé", "é\u200dé"),
        *("ا\u200cب", "ب\u200c", "ب\u200cé", "\u0621\u200cب", "ب\u0661\u06f1"),  # RFC 5892 A.1, A.8
        *("אa", "1א", "א1.1", "אa.test", "a\u0661.é", "א-.test", "א\u06611"),  # RFC 5893 §2
    ],
)
def test_domains_that_cannot_be_registered_have_no_a_labels(domain: str) -> None:
    """What RFC 5891 §4.2 refuses is refused, and not mapped to something else (RFC 5892 §3, RFC 5893 §2)."""
    with pytest.raises(ValueError, match=r"label|domain"):
        to_ascii(domain)


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "l·l",
            "\u0375α",
            "א\u05f3",
            "ア\u30fb",
            "々\u30fb",
            "ب\u200cب",
            "ب\u064b\u200c\u064bا",
            "ب\u0661",
            "ب\u06f1",
        ),
        *("א\u0661", "א1.test", "é.test", "a1.א", "\u3007é", "\u06fd", "é" * 57),
    ],
)
def test_domains_hold_what_depends_on_context(domain: str) -> None:
    """Joiners, middle dots and digits stand where RFC 5892, appendix A, lets them."""
    assert domain == to_unicode(to_ascii(domain))


@pytest.mark.parametrize(
    "domain",
    [
        "xn--",
        "xn--a",
        "xn--bcher-kva-",
        "xn--BCHER-KVB",
        "xn--fss-.de",
        "xn--n3h.test",
        "xn--é",
        f"xn--{'a' * 70}",
        "xn--80ak6aa92e9",
    ],
)
def test_domains_that_only_look_like_a_labels_stay(domain: str) -> None:
    """RFC 5891 §5.4: what is not the A-label of a valid U-label is shown as it is."""
    assert domain == to_unicode(domain)


_LABELS = st.text(alphabet="abé-ßς1ñ\u0301日本ー中אבا٠०क्\u200d·l", min_size=1, max_size=8)
_DOMAINS = st.one_of(st.lists(_LABELS, min_size=1, max_size=3).map(".".join), st.text(max_size=12))


@given(_DOMAINS)
@example("xn--ßé")
def test_domains_are_the_same_when_they_come_back(domain: str) -> None:
    """U-labels and A-labels are one to one (RFC 5890 §2.3.2.1), and the comparable form of the mesh is the same."""
    try:
        found = to_ascii(domain)
    except ValueError:
        return
    shown = to_unicode(found)
    assert found == to_ascii(shown)
    if domain.startswith("["):
        assert domain == found
        return
    if not domain.isascii():
        lowered = "".join(map(str.lower, domain))
        assert unicodedata.normalize("NFKC", shown) == unicodedata.normalize("NFKC", lowered).replace("\u3002", ".")
    if {"\u200c", "\u200d"}.isdisjoint(domain) and (comparable := a_labels(domain)).isascii():
        assert comparable == found


@given(st.text(max_size=20).map("xn--".__add__), st.text(max_size=5))
@example("xn--bcher-kva", "\u05d0.1")
def test_domains_never_fail_to_be_shown(domain: str, rest: str) -> None:
    """`to_unicode` is for showing, so it takes anything, and changes a label only where it can be undone."""
    written = f"{domain}.{rest}".split(".")
    for label, shown in zip(written, to_unicode(".".join(written)).split("."), strict=True):
        assert shown == label or to_ascii(shown) == label.lower()


def test_domains_in_ascii_load_no_unicode_data() -> None:
    """The tables cost a cell memory, so plain mail must not load them."""
    code = (
        "import sys; from scop.mime import parse_addresses as p; p('a@b.test, <c@[1.2.3.4]>')[0].domain_ascii;"
        "print('unicodedata' in sys.modules, 'scop.mime.fields.domain_labels' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False False" == run.stdout.strip()
