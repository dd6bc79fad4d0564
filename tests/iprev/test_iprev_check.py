"""The confirmed name of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns import AAAA, PTR, TIMEOUT, A, Security, StaticNames, run
from scop.iprev import IprevWord, ReverseName, reverse_name

NAMES = StaticNames(
    {
        ("1.2.0.192.in-addr.arpa", "PTR"): [PTR("mail.lagoon.test")],
        ("mail.lagoon.test", "A"): [A("192.0.2.9"), A("192.0.2.1")],
        ("2.2.0.192.in-addr.arpa", "PTR"): [PTR("mail.lagoon.test")],
        ("3.2.0.192.in-addr.arpa", "PTR"): [PTR("bad name.lagoon.test"), PTR("x.test"), PTR("y.test")],
        ("y.test", "A"): [A("192.0.2.3")],
        ("4.2.0.192.in-addr.arpa", "PTR"): TIMEOUT,
        ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR"): [PTR("six.test")],
        ("six.test", "AAAA"): [AAAA("2001:db8::1")],
        ("6.2.0.192.in-addr.arpa", "PTR"): [PTR("silent.test")],
        ("7.2.0.192.in-addr.arpa", "PTR"): [PTR("forged.test")],
        ("forged.test", "A"): [A("192.0.2.7")],
        ("silent.test", "A"): TIMEOUT,
    },
    security={"forged.test": Security.BOGUS},
)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", ReverseName(IprevWord.PASS, "mail.lagoon.test")),
        ("192.0.2.2", ReverseName(IprevWord.FAIL)),
        ("192.0.2.3", ReverseName(IprevWord.PASS, "y.test")),
        ("192.0.2.4", ReverseName(IprevWord.TEMPERROR)),
        ("192.0.2.5", ReverseName(IprevWord.PERMERROR)),
        ("192.0.2.6", ReverseName(IprevWord.TEMPERROR)),
        ("2001:db8::1", ReverseName(IprevWord.PASS, "six.test")),
        ("192.0.2.7", ReverseName(IprevWord.TEMPERROR)),  # what DNSSEC found forged
        ("::ffff:192.0.2.1", ReverseName(IprevWord.PASS, "mail.lagoon.test")),
        ("", ReverseName(IprevWord.PERMERROR)),
        ("fe80::1%eth0", ReverseName(IprevWord.PERMERROR)),
    ],
)
def test_reverse_name_is_believed_only_if_it_leads_back(address: str, expected: ReverseName) -> None:
    """RFC 8601 §2.7.3: the owner of an address may call it what it likes; silence proves nothing."""
    assert expected == run(reverse_name(address), NAMES)


@given(st.text(max_size=30))
def test_reverse_name_never_raises(address: str) -> None:
    """What is no address has no name."""
    assert "" == run(reverse_name(address), StaticNames({})).name
