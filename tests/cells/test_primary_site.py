"""Our mail domain as its zone has to tell it, and what the key of the plan may write."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scop.cells.primary.site import (
    ADDRESS_KEY,
    PLAN_KEY,
    WRITTEN_BY,
    key_hash_of,
    plan_grants,
    policy_of,
    read_key,
    site_of,
)
from scop.dns.tsig import new_tsig_key
from scop.dns.zone import Zone
from scop.dns.zone.plan import Standing, plan_zone
from scop.dns.zone.wanted import DkimKey, wanted_records
from scop.mesh.config import Config, Network, Publish
from scop.mtasts import parse_policy
from scop.supervisor.config_file import read_config
from scop.supervisor.founding import Founding, found, self_signed

DOMAIN = "harbor.test"
PEM = self_signed(f"mx.{DOMAIN}", "127.0.20.1")[0].decode()


def config(**publish: object) -> Config:
    """Return a configuration with these wishes."""
    wishes = msgspec.convert(publish, Publish)
    return Config(domain=DOMAIN, network=Network(address="127.0.20.1"), publish=wishes)


def test_site_hashes_the_key_of_the_first_certificate() -> None:
    """TLSA 3 1 1 is the SHA-256 of the public key (RFC 6698 §2.1), whatever stands around the certificate."""
    key = x509.load_der_x509_certificate(ssl.PEM_cert_to_DER_cert(PEM)).public_key()
    expected = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    assert expected == key_hash_of(f"words before\n{PEM}{self_signed('b.test', '127.0.0.1')[0].decode()}")


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_site_refuses_what_is_no_certificate(text: str) -> None:
    """A file without a certificate is a `ValueError`."""
    with pytest.raises(ValueError, match=r"."):
        key_hash_of(text)


def test_site_takes_public_addresses_before_the_listeners() -> None:
    """What the world reaches may be another address than what we listen on."""
    assert ("127.0.20.1",) == site_of(config()).addresses
    assert ("192.0.2.1", "2001:db8::1") == site_of(config(addresses=("192.0.2.1", "2001:db8::1"))).addresses


def test_site_names_the_policy_that_has_to_be_served() -> None:
    """The id of MTA-STS changes with the policy and only with it (RFC 8461 §3.1)."""
    assert (None, "") == (policy_of(config()), site_of(config()).mta_sts_id)
    testing, enforcing = (config(mta_sts=mode) for mode in ("testing", "enforce"))
    policy = policy_of(enforcing)
    assert policy is not None
    assert policy == parse_policy(policy.to_octets())
    ids = {site_of(each).mta_sts_id for each in (testing, enforcing, enforcing)}
    assert (2, True) == (len(ids), all(id_.isalnum() and len(id_) <= 32 for id_ in ids))


def test_plan_key_may_write_the_plan_and_nothing_else() -> None:
    """Every wanted name and type is granted, and no DKIM key, no NS, no SOA and no other name."""
    wishes = config(mta_sts="enforce", tls_reports="mailto:t@harbor.test", matrix="chat.harbor.test:443")
    site = site_of(wishes, certificate=PEM, dkim=(DkimKey(f"s._domainkey.{DOMAIN}", b"v=DKIM1"),))
    grants = plan_grants(wishes, "plan", WRITTEN_BY[PLAN_KEY])
    for one in wanted_records(site):
        is_granted = any(grant.permits(one.owner, one.type) for grant in grants)
        assert is_granted == ("_domainkey" not in one.owner)
    for owner, type_ in ((DOMAIN, "NS"), (DOMAIN, "SOA"), ("www.harbor.test", "A"), (DOMAIN, "DNSKEY")):
        assert not any(grant.permits(owner, type_) for grant in grants)


def test_address_key_may_write_what_follows_the_address() -> None:
    """A and AAAA of the host, and the two names with SPF: so little is granted to what runs unattended."""
    grants = plan_grants(config(), "address", WRITTEN_BY[ADDRESS_KEY])
    host = "mx.harbor.test"
    assert {(host, "A"), (host, "AAAA"), (host, "TXT"), (DOMAIN, "TXT")} == {
        (grant.names, type_) for grant in grants for type_ in grant.types
    }


def test_key_files_are_read_or_absent(tmp_path: Path) -> None:
    """No file is no key; a file that is none is named."""
    key = new_tsig_key("plan.harbor.test", b"k" * 32)
    (tmp_path / "good").write_text(key.to_text())
    (tmp_path / "bad").write_text("key")
    assert (key, None) == (read_key(tmp_path / "good"), read_key(tmp_path / "none"))
    with pytest.raises(ValueError, match="bad: "):
        read_key(tmp_path / "bad")


@pytest.mark.parametrize(
    "wrong",
    [
        {"addresses": ("here",)},
        {"dmarc": "p=reject"},
        {"address_from": "eth0"},
        {"address_from": "interface:eth0", "addresses": ("192.0.2.1",)},
        {"dmarc": 'v=DMARC1; "'},
        {"tls_reports": "tls@harbor.test"},
        {"mta_sts_host": "no host"},
        {"certificate_authorities": ("Ca.Test",)},
        {"matrix": "chat.harbor.test:x"},
    ],
)
def test_publish_refuses_what_cannot_stand_in_a_zone(wrong: dict[str, object]) -> None:
    """A wish that no record can hold is refused with its name."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        config(**wrong)


def test_founded_zone_leaves_nothing_to_plan(tmp_path: Path) -> None:
    """`scop init` writes what `scop dns plan` wants, and one copy of the plan's key at each end."""
    founded = read_config(found(Founding(DOMAIN, "127.0.20.1"), tmp_path))
    zone = Zone.parse((tmp_path / f"state/primary/{DOMAIN}.zone").read_text(), DOMAIN)
    site = site_of(founded, certificate=Path(founded.tls.certificate).read_text())
    assert {Standing.FINE} == {item.standing for item in plan_zone(wanted_records(site), zone.get)}
    for name in WRITTEN_BY:
        assert read_key(tmp_path / name) == read_key(tmp_path / "state/primary" / name) is not None
