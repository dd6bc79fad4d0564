"""`[verifier]`: what cannot be a domain or a network is refused by name."""

from __future__ import annotations

import pytest

from scop.mesh.config import Verifier


def test_verifier_takes_domains_addresses_and_networks() -> None:
    """Sealers are domains; allowed are domains, addresses and networks."""
    chosen = Verifier(("lists.example.org",), ("xn--bcher-kva.example", "192.0.2.1", "2001:db8::/32"))
    assert ("lists.example.org",) == chosen.trusted_sealers
    assert 3 == len(chosen.allow)


@pytest.mark.parametrize(
    ("sealers", "allow", "name"),
    [
        (("Lists.example.org",), (), "trusted_sealers: 'Lists.example.org'"),
        (("@lists.example.org",), (), "trusted_sealers: '@lists.example.org'"),
        (("192.0.2.1",), (), "trusted_sealers: '192.0.2.1'"),
        ((), ("bücher.example",), "allow: 'bücher.example'"),
        ((), ("192.0.2.1/24",), "allow: '192.0.2.1/24'"),
        ((), ("org",), "allow: 'org'"),
        ((), ("",), "allow: ''"),
        ((), (f"{'a' * 64}.org",), "allow: 'aaaa"),
    ],
    ids=["case", "at", "address", "u-label", "host-bits", "one-label", "empty", "long-label"],
)
def test_verifier_refuses_what_names_nobody(sealers: tuple[str, ...], allow: tuple[str, ...], name: str) -> None:
    """The refusal says which key and which value."""
    with pytest.raises(ValueError, match=name.split("'", maxsplit=1)[0]) as fault:
        Verifier(sealers, allow)
    assert str(fault.value).startswith(name)
