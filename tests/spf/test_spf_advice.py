"""What an owner is advised to publish."""

from __future__ import annotations

import pytest

from scop.dns import StaticNames, run
from scop.spf import SpfWord, check_mail_from, policy_for

V4, V6 = "192.0.2.7", "2001:db8::7"


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ([], "v=spf1 ip4:192.0.2.7 -all"),
        (["v=spf1"], "v=spf1 ip4:192.0.2.7 -all"),
        (["v=spf1 mx  ~all", "other=x"], "v=spf1 ip4:192.0.2.7 mx ~all"),
        (["v=spf1 ~ip4:192.0.2.7 ip4:192.0.2.7"], "v=spf1 ip4:192.0.2.7 ~ip4:192.0.2.7"),
        (["v=spf1 -all"], "v=spf1 ip4:192.0.2.7 -all"),
        (["v=spf1 mx -all", "v=spf1 a -all"], "v=spf1 ip4:192.0.2.7 -all"),
        (["v=spf1 foo:bar -all"], "v=spf1 ip4:192.0.2.7 -all"),
        (["v=spf1 redirect=b.test"], "v=spf1 ip4:192.0.2.7 redirect=b.test"),
    ],
)
def test_an_advised_policy_keeps_what_holds_and_passes(published: list[str], expected: str) -> None:
    """It names the address first, so that the address passes; of what is broken nothing is kept (RFC 7208 §4.6)."""
    names = StaticNames.from_openspf({"a.test": [{"TXT": text} for text in published]})
    advised = run(policy_for("A.test", (V4,)), names)
    assert expected == advised
    after = StaticNames.from_openspf({"a.test": [{"TXT": advised}]})
    assert SpfWord.PASS is run(check_mail_from(V4, "x@a.test", "h.test"), after).result


def test_an_advised_policy_names_all_addresses() -> None:
    """Both families; an IPv4 address in the guise of IPv6 as what it is (RFC 7208 §5)."""
    advised = run(policy_for("häfen.test", (f"::ffff:{V4}", V6)), StaticNames({}))
    assert "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all" == advised
