"""Trust anchors out of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cells.resolver.anchors import read_trust_anchors
from scop.dns.dnssec.anchors import INTERNET_ANCHORS, parse_trust_anchors
from scop.dns.rdata import DNSKEY, DS
from scop.dns.rrset import RRset

ANCHORS = """\
; the root of a small world
.            172800 IN DS 20326 8 2 E06D44B8 0B8F1D39 ; in pieces
.                   IN ds 38696 13 2 ( 683D2D0A ; and over lines
                       CB8C9B71 )
Example.TEST.          DNSKEY 257 3 13 AQID BAUG
"""


def test_trust_anchors_are_ds_and_dnskey_lines() -> None:
    """RFC 1035 §5.1: TTL and class may stand or not, octets may be in pieces, parentheses go over lines."""
    assert parse_trust_anchors(ANCHORS) == (
        RRset(
            "",
            "DS",
            0,
            (DS(20326, 8, 2, bytes.fromhex("E06D44B80B8F1D39")), DS(38696, 13, 2, bytes.fromhex("683D2D0ACB8C9B71"))),
        ),
        RRset("example.test", "DNSKEY", 0, (DNSKEY(257, 3, 13, b"\1\2\3\4\5\6"),)),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n. DS x 8 2 00", "line 2: 'x' is no number"),
        (". DS 1 8 2", "line 1: wants `zone"),
        (". A 192.0.2.1", "line 1: wants `zone"),
        (". DS 1 8 2 0", "line 1: the digest is not hexadecimal"),
        (". DS 99999 8 2 00", "line 1: key tag 99999"),
        (". DNSKEY 257 3 8 A", "line 1: the key is not base64"),
        ("a..b DS 1 8 2 00", "line 1: a label"),
        (". DS 1 8 2 ( 00", "line 1: a parenthesis is not closed"),
        ("; nothing", "there is no DS or DNSKEY record"),
    ],
)
def test_trust_anchors_that_are_wrong_are_refused_with_file_and_line(tmp_path: Path, text: str, reason: str) -> None:
    """Who wrote the file learns where to look."""
    path = tmp_path / "root.anchors"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"root\.anchors: ") as caught:
        read_trust_anchors(path)
    assert reason in str(caught.value)


def test_trust_anchors_that_are_not_there_are_refused(tmp_path: Path) -> None:
    """The file is named, and what the system says."""
    with pytest.raises(ValueError, match=r"absent: the trust anchors cannot be read: No such file"):
        read_trust_anchors(tmp_path / "absent")


def test_trust_anchors_of_the_internet_are_the_roots_two_keys() -> None:
    """RFC 7958: the keys of 2017 and 2024, by SHA-256."""
    (rrset,) = INTERNET_ANCHORS
    assert [(ds.key_tag, ds.digest_type, len(ds.digest)) for ds in rrset.rdatas if isinstance(ds, DS)] == [
        (20326, 2, 32),
        (38696, 2, 32),
    ]


def test_trust_anchors_may_name_their_algorithm() -> None:
    """RFC 4034 §2.2 and §5.3: a mnemonic stands for its number."""
    numbers, names = (
        parse_trust_anchors(f". DS 1 {rsa} 2 00\n. DNSKEY 257 3 {ecdsa} AQID")
        for rsa, ecdsa in (("8", "13"), ("rsasha256", "ECDSAP256SHA256"))
    )
    assert names == numbers
