"""Which host a mail goes to next."""

import pytest

from scop.cells.relay.hops import Hops
from scop.mesh.config import Relay, Smarthost

FAR, BELOW, ALL = Smarthost("far.test"), Smarthost("below.test", port=2465), Smarthost("all.test")
HOPS = Hops(
    {"example.org": FAR, ".example.org": BELOW, "Bücher.example": BELOW, "default": ALL},
    frozenset({"lagoon.test", "<signer>"}),
)


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("example.org", FAR),
        ("a.example.org", BELOW),
        ("a.b.example.org", BELOW),
        ("badexample.org", ALL),
        ("xn--bcher-kva.example", BELOW),
        ("[192.0.2.1]", ALL),
        ("lagoon.test", None),
        ("<signer>", None),
    ],
)
def test_hop_is_the_nearest_smarthost(destination: str, expected: Smarthost | None) -> None:
    """The domain's own, then that of the domain above, then the default; our own cells need none."""
    assert expected == HOPS.smarthost_for(destination)


def test_hop_without_a_default_is_the_destination_itself() -> None:
    """Its MX is asked for."""
    hops = Hops({".example.org": BELOW}, frozenset())
    assert (None, "example.org") == (hops.smarthost_for("example.org"), hops.hop_of("example.org"))
    assert (None, None) == (hops.smarthost_for("[192.0.2.1]"), Hops({}, frozenset()).smarthost_for("a.example.org"))


def test_hop_is_shared_by_what_goes_through_one_smarthost() -> None:
    """Its connections and its troubles are those of all."""
    assert 1 == len({HOPS.hop_of(name) for name in ("a.test", "b.test")})


def test_hop_is_not_shared_by_another_login_or_less_tls() -> None:
    """A mail for both would go once: in the clear for who asked for TLS, or as somebody else."""
    smarthosts = {
        "bare.test": Smarthost("all.test", port=587, tls="none"),
        "safe.test": Smarthost("all.test", port=587, tls="starttls"),
        "ours.test": Smarthost("all.test", port=587, tls="starttls", login="ours", password_file="p"),
    }
    hops = Hops(smarthosts, frozenset())
    assert len(smarthosts) == len({hops.hop_of(name) for name in smarthosts})


@pytest.mark.parametrize("pattern", ["example.org", ".example.org", "default", "bücher.example"])
def test_hop_patterns_of_the_configuration(pattern: str) -> None:
    """A domain, one with a dot before it, the default."""
    assert {pattern: FAR} == Relay(smarthosts={pattern: FAR}).smarthosts


@pytest.mark.parametrize("pattern", ["", ".", "*", "*.example.org", "org", "a..org", "ex ample.org", "-a.org"])
def test_hop_patterns_that_are_none_are_refused(pattern: str) -> None:
    """A slip in the configuration is told at the start, not by mail that goes elsewhere."""
    with pytest.raises(ValueError, match="smarthosts"):
        Relay(smarthosts={pattern: FAR})
