"""Policy records: tags, defaults, what is malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dmarc import Disposition, Policy, parse_policy

NONE, QUARANTINE, REJECT = Disposition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DMARC1; p=none", Policy()),
        ("v=DMARC1;p=reject;", Policy(REJECT)),
        ("v = DMARC1 ; p = Reject ; sp=QUARANTINE; np=none", Policy(REJECT, QUARANTINE, NONE)),
        ("v=DMARC1; p=reject; psd=y; t=y; aspf=s; adkim=S", Policy(REJECT, None, None, "y", True, True, True)),
        ("v=DMARC1; p=reject; psd=x; t=yes; aspf=; adkim=strict; unknown=1; ;=;", Policy(REJECT)),
        ("v=DMARC1; p=reject; p=none", Policy(REJECT)),
        (
            "v=DMARC1; p=none; rua=mailto:a@x.test!10m , https://x.test/r,nonsense; ruf=mailto:f@x.test",
            Policy(aggregate_uris=("mailto:a@x.test", "https://x.test/r"), failure_uris=("mailto:f@x.test",)),
        ),
        # RFC 9989 §4.10.1: without valid policies
        ("v=DMARC1", Policy(usable=False)),
        ("v=DMARC1; p=maybe", Policy(usable=False)),
        ("v=DMARC1; p=reject; sp=maybe", Policy(usable=False)),
        ("v=DMARC1; p=reject; np=maybe; rua=mailto:a@x.test", Policy(aggregate_uris=("mailto:a@x.test",))),
        ("v=DMARC1; rua=mailto:a@x.test", Policy(aggregate_uris=("mailto:a@x.test",))),
    ],
)
def test_records_are_read(text: str, expected: Policy) -> None:
    """Known tags count, unknown and malformed ones give way to defaults (RFC 9989 §4.7)."""
    assert expected == parse_policy(text.encode())


@pytest.mark.parametrize(
    "text", ["", "p=reject; v=DMARC1", "v=dmarc1; p=reject", "v=DMARC12; p=reject", " v=DMARC1", "v=spf1"]
)
def test_other_records_are_none_of_ours(text: str) -> None:
    """The version comes first and is case-sensitive (RFC 9989 §4.7, tag v)."""
    assert parse_policy(text.encode()) is None


@pytest.mark.parametrize(
    ("record", "existing", "nonexistent"),
    [
        ("p=reject", REJECT, REJECT),
        ("p=reject; sp=none", NONE, NONE),
        ("p=none; sp=quarantine; np=reject", QUARANTINE, REJECT),
        ("p=none; np=reject", NONE, REJECT),
    ],
)
def test_subdomains_have_policies_of_their_own(record: str, existing: Disposition, nonexistent: Disposition) -> None:
    """Where np is absent sp counts, where sp is absent p does (RFC 9989 §4.7)."""
    policy = parse_policy(f"v=DMARC1; {record}".encode())
    assert policy is not None
    assert (existing, nonexistent) == (policy.for_subdomain(exists=True), policy.for_subdomain(exists=False))


@pytest.mark.parametrize(("published", "applied"), [(NONE, NONE), (QUARANTINE, NONE), (REJECT, QUARANTINE)])
def test_test_mode_is_one_level_below(published: Disposition, applied: Disposition) -> None:
    """RFC 9989 §4.7, tag t."""
    assert applied is Policy(testing=True).applied(published)
    assert published is Policy().applied(published)


@given(st.binary(max_size=100).map(lambda tail: b"v=DMARC1;" + tail) | st.binary(max_size=40))
def test_nothing_escapes_on_any_octets(octets: bytes) -> None:
    """A record is read or is none of ours; the strictest of its policies is one of them."""
    policy = parse_policy(octets)
    assert policy is None or policy.strictest in Disposition
