"""A certificate for servers on loopback that live for one run."""

from __future__ import annotations

from pathlib import Path

from scop.supervisor.founding import self_signed

__all__ = ["write_certificate"]


def write_certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key, once for a folder; return both paths."""
    certificate, key = folder / "public.pem", folder / "public.key"
    if not certificate.exists():
        octets, private = self_signed("bench.test", address)
        certificate.write_bytes(octets)
        key.write_bytes(private)
    return certificate, key
