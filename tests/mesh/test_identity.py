"""Who a certificate says a cell is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.mesh import DOMAIN, ClockAt
from scop.mesh.authority import Authority
from scop.mesh.identity import cell_uri, check_identity
from scop.net.faults import PermanentFailure

ALLOWED = frozenset({"relay", "signer"})


def certificate(*names: tuple[str, str]) -> dict[str, object]:
    """Return what ssl shows of a certificate with these alternative names."""
    return {"subject": (), "subjectAltName": names}


def test_identity_is_the_name_in_the_one_uri() -> None:
    """An allowed cell of our domain is known by its whole URI; other kinds of names say nothing."""
    shown = certificate(("DNS", "signer.harbor.test"), ("URI", "spiffe://harbor.test/cell/relay"))
    assert "relay" == check_identity(shown, domain=DOMAIN, allowed=ALLOWED)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "0 URI names"),
        ((("DNS", "relay"),), "0 URI names"),
        ((("URI", "spiffe://harbor.test/cell/relay"), ("URI", "spiffe://harbor.test/cell/signer")), "2 URI names"),
        ((("URI", "spiffe://harbor.test/cell/relay"),) * 2, "2 URI names"),
        ((("URI", "spiffe://lagoon.test/cell/relay"),), "another trust domain"),
        ((("URI", "spiffe://harbor.test.evil.test/cell/relay"),), "another trust domain"),
        ((("URI", "https://harbor.test/cell/relay"),), "another trust domain"),
        ((("URI", "spiffe://HARBOR.test/cell/relay"),), "another trust domain"),
        ((("URI", "spiffe://harbor.test/cell/keeper"),), "no pipe is granted"),
        ((("URI", "spiffe://harbor.test/cell/Relay"),), "no pipe is granted"),
        ((("URI", "spiffe://harbor.test/cell/relay/"),), "no pipe is granted"),
        ((("URI", "spiffe://harbor.test/cell/relay?x"),), "no pipe is granted"),
        ((("URI", "spiffe://harbor.test/cell/../cell/relay"),), "no pipe is granted"),
        ((("URI", "spiffe://harbor.test/relay"),), "no pipe is granted"),
    ],
)
def test_identity_refuses_every_other_name(names: tuple[tuple[str, str], ...], reason: str) -> None:
    """Two names, another domain, another cell, another spelling: each is refused and the reason says which."""
    with pytest.raises(PermanentFailure, match=reason):
        check_identity(certificate(*names), domain=DOMAIN, allowed=ALLOWED)


@given(st.text(max_size=60))
def test_identity_accepts_exactly_what_is_issued(uri: str) -> None:
    """No text but the issued URI passes."""
    if uri not in {cell_uri(DOMAIN, name) for name in ALLOWED}:
        with pytest.raises(PermanentFailure):
            check_identity(certificate(("URI", uri)), domain=DOMAIN, allowed=ALLOWED)


def test_identity_refuses_a_certificate_without_names() -> None:
    """A peer that shows nothing is nobody."""
    with pytest.raises(PermanentFailure, match="0 URI names"):
        check_identity({}, domain=DOMAIN, allowed=ALLOWED)


@pytest.mark.parametrize(("domain", "name"), [("Harbor.test", "a"), ("hä.test", "a"), ("", "a"), ("a/b", "a")])
def test_uri_refuses_a_malformed_trust_domain(domain: str, name: str) -> None:
    """A domain has one spelling: lower-case ASCII labels."""
    with pytest.raises(ValueError, match="trust domain"):
        cell_uri(domain, name)


@pytest.mark.parametrize("name", ["", "Relay", "a/b", "a b", "1a", "a" * 64, "relay\n"])
def test_uri_refuses_a_malformed_cell_name(name: str) -> None:
    """A cell's name is a short lower-case word."""
    with pytest.raises(ValueError, match="cell's name"):
        cell_uri(DOMAIN, name)


def test_leaf_lives_a_day_and_keeps_its_key_out_of_sight() -> None:
    """A leaf ends 24 hours after its issue, and a traceback that shows it does not show the key."""
    leaf = Authority(DOMAIN, ClockAt(1_700_000_000)).leaf("relay")
    assert 1_700_000_000 + 86_400 == leaf.not_after_unix
    assert "PRIVATE KEY" in leaf.key_pem
    assert "PRIVATE KEY" not in repr(leaf)


def test_authorities_are_made_anew() -> None:
    """Two authorities of one domain share nothing."""
    assert Authority(DOMAIN).certificate_pem != Authority(DOMAIN).certificate_pem
