"""An application service that a real homeserver knows, and that nobody runs: its users log in by its token."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["SERVICE_TOKEN", "service_settings"]

SERVICE_TOKEN = "a-token-of-a-service"


def service_settings(folder: Path) -> dict[str, object]:
    """Return what of homeserver.yaml registers it for users whose names begin with `service`."""
    registration = folder / "service.yaml"
    users = [{"exclusive": False, "regex": "@service.*"}]
    service = {"id": "s", "url": None, "as_token": SERVICE_TOKEN, "hs_token": "h", "sender_localpart": "servicebot"}
    registration.write_text(json.dumps({**service, "namespaces": {"users": users, "aliases": [], "rooms": []}}))
    return {"app_service_config_files": [str(registration)]}
