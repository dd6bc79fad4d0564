"""Our mail domain as its zone has to tell it, from the configuration; and the keys that may write that.

Each key lies twice: in the primary's state, and beside `scop.toml` for whoever runs `scop dns apply` (`plan.key`) or
`scop dns plan --watch` (`address.key`). The one may write what the plan names, the other what follows the public
address of it, and neither anything else: a copy that is lost leads mail astray but forges no DKIM key.

Standards: RFC 8461 §3.1 (the id of a policy), RFC 7671 §5.1 (3 1 1).
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scop.dane.certificate import public_key_info
from scop.dns.tsig_keys import TsigKey
from scop.dns.zone.grants import Grant
from scop.dns.zone.plan import FOLLOWING
from scop.dns.zone.wanted import Client, DkimKey, Purpose, Site, wanted_records
from scop.mesh.config import Config
from scop.mtasts import Mode, Policy

__all__ = [
    "ADDRESS_KEY",
    "PLAN_KEY",
    "WRITTEN_BY",
    "key_hash_of",
    "next_certificate",
    "plan_grants",
    "policy_of",
    "read_key",
    "site_of",
]

PLAN_KEY = "plan.key"
ADDRESS_KEY = "address.key"
POLICY_SECONDS = 604_800  # RFC 8461 §3.2 wants weeks; one, while people still try
_ID_CHARACTERS = 32  # RFC 8461 §3.1
WRITTEN_BY = {PLAN_KEY: frozenset(Purpose) - {Purpose.DKIM}, ADDRESS_KEY: FOLLOWING}  # the signer writes DKIM keys


def site_of(config: Config, *, certificate: str = "", next_certificate: str = "", dkim: Iterable[DkimKey] = ()) -> Site:
    """Return what the domain is; `certificate` is PEM, whose first one we show, now or soon."""
    publish, ports = config.publish, config.network.ports
    policy = policy_of(config)
    matrix_host, matrix_port = publish.matrix_place
    return Site(
        domain=config.domain,
        hostname=config.mail_host,
        addresses=publish.addresses or (config.network.address,),
        smtp_port=ports.smtp,
        key_hash=key_hash_of(certificate) if certificate else b"",
        next_key_hash=key_hash_of(next_certificate) if next_certificate else b"",
        tls_ports=(ports.submission, ports.submissions),
        dkim=tuple(dkim),
        dmarc=publish.dmarc,
        reports_to=publish.tls_reports,
        report_mailbox=config.reports.mailbox,
        mta_sts_id=hashlib.sha256(policy.to_octets()).hexdigest()[:_ID_CHARACTERS] if policy else "",
        mta_sts_host=publish.mta_sts_host,
        clients=(Client("submissions", ports.submissions), Client("submission", ports.submission)),
        autoconfig_host=publish.autoconfig_host,
        authorities=publish.certificate_authorities,
        matrix_host=matrix_host,
        matrix_port=matrix_port,
    )


def policy_of(config: Config) -> Policy | None:
    """Return the MTA-STS policy that has to be served, None where none is wanted."""
    if config.publish.mta_sts == "none":
        return None
    return Policy(Mode(config.publish.mta_sts), POLICY_SECONDS, (config.mail_host,))


def key_hash_of(certificate: str) -> bytes:
    """Return the hash of a certificate's public key, as TLSA 3 1 1 has it; raises `ValueError` where it is no PEM."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first = certificate[certificate.find(begin) : certificate.find(end) + len(end)]
    return hashlib.sha256(public_key_info(ssl.PEM_cert_to_DER_cert(first))).digest()


def next_certificate(path: Path) -> Path:
    """Return where the certificate lies that will take a certificate's place: `public.next.pem` for `public.pem`.

    Its TLSA record is published as soon as it is there, and the old one's withdrawn once it has taken its place.
    """
    return path.with_name(f"{path.stem}.next{path.suffix}")


def plan_grants(config: Config, key_name: str, purposes: frozenset[Purpose]) -> tuple[Grant, ...]:
    """Return what a key may write that is for these purposes: names and types of the plan."""
    # The certificate is not read for it: where TLSA records stand does not depend on what they say.
    site = replace(site_of(config), key_hash=b"\0")
    wanted = {(one.owner, one.type) for one in wanted_records(site) if one.purpose in purposes}
    return tuple(Grant(key_name, owner, frozenset({type_})) for owner, type_ in sorted(wanted))


def read_key(path: Path) -> TsigKey | None:
    """Read a TSIG key's file; None where there is none. Raises `ValueError` that names the file."""
    try:
        return TsigKey.parse(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
