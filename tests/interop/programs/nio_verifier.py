"""matrix-nio as the other side of a SAS verification; run by the peers' own Python.

    nio_verifier.py URL USER PASSWORD OTHER_USER start|accept

Writes JSON lines: its device, the numbers it shows (which it confirms at once), and what it has verified.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile

from nio import (
    AsyncClient,
    AsyncClientConfig,
    KeyVerificationCancel,
    KeyVerificationKey,
    KeyVerificationMac,
    KeyVerificationStart,
)

URL, USER, PASSWORD, OTHER, ROLE = sys.argv[1:]
SYNCS = 100


def say(**facts: object) -> None:
    """Write a line."""
    print(json.dumps(facts), flush=True)


class Verifier:
    """Answers verifications, or begins one."""

    def __init__(self, folder: str) -> None:
        self.client = AsyncClient(URL, USER, store_path=folder, config=AsyncClientConfig(encryption_enabled=True))
        self.is_done = False

    async def run(self) -> None:
        """Verify once."""
        client = self.client
        await client.login(PASSWORD)
        await client.keys_upload()
        await client.sync(0)
        kinds = (KeyVerificationStart, KeyVerificationKey, KeyVerificationMac, KeyVerificationCancel)
        client.add_to_device_callback(self.hear, kinds)
        client.olm.users_for_key_query.add(OTHER)
        await client.keys_query()
        say(device=client.device_id)
        if ROLE == "start":
            (device,) = client.device_store.active_user_devices(OTHER)
            await client.start_key_verification(device)
        for _ in range(SYNCS):
            if self.is_done:
                break
            await client.sync(300)
            await client.send_to_device_messages()
        await client.close()

    async def hear(self, event: object) -> None:
        """Do what the next step is."""
        client, transaction = self.client, event.transaction_id
        if isinstance(event, KeyVerificationCancel):
            say(cancelled=event.code)
            self.is_done = True
            return
        sas = client.key_verifications[transaction]
        if isinstance(event, KeyVerificationStart):
            await client.accept_key_verification(transaction)
            await client.to_device(sas.share_key())
        elif isinstance(event, KeyVerificationKey):
            say(decimals=sas.get_decimals())
            await client.confirm_short_auth_string(transaction)
        elif isinstance(event, KeyVerificationMac):
            say(verified=sas.verified_devices if sas.verified else [])
            self.is_done = True


with tempfile.TemporaryDirectory() as place:
    asyncio.run(Verifier(place).run())
