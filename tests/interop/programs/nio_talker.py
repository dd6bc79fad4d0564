"""matrix-nio as one who talks in encrypted rooms; run by the peers' own Python.

    nio_talker.py URL USER PASSWORD

Reads one JSON object a line and answers each with one: {"do": "join", "room": …}, {"do": "say", "room": …, "text": …},
{"do": "hear", "count": n} (waits until so many messages came; those that it cannot read have no text),
{"do": "logout"}.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile

from nio import AsyncClient, AsyncClientConfig, MegolmEvent, RoomMessageText

URL, USER, PASSWORD = sys.argv[1:]
SYNCS = 100


class Talker:
    """Does what it is told."""

    def __init__(self, folder: str) -> None:
        self.client = AsyncClient(URL, USER, store_path=folder, config=AsyncClientConfig(encryption_enabled=True))
        self.heard: list[dict[str, object]] = []

    async def run(self) -> None:
        """Answer line by line."""
        client = self.client
        await client.login(PASSWORD)
        client.add_event_callback(self.hear, (RoomMessageText, MegolmEvent))
        await self.sync()
        self.say(device=client.device_id)
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            await getattr(self, f"do_{asked.pop('do')}")(**asked)
        await client.close()

    async def do_join(self, room: str) -> None:
        """Come into a room."""
        await self.client.join(room)
        await self.sync()
        self.say(joined=room)

    async def do_say(self, room: str, text: str) -> None:
        """Say something there, encrypted where the room is."""
        await self.sync()
        content = {"msgtype": "m.text", "body": text}
        sent = await self.client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        self.say(event=sent.event_id)

    async def do_hear(self, count: int) -> None:
        """Wait for messages of others."""
        for _ in range(SYNCS):
            if len(self.heard) >= count:
                break
            await self.sync(300)
        heard, self.heard = self.heard, []
        self.say(heard=heard)

    async def do_logout(self) -> None:
        """End the session: the device is gone."""
        await self.client.logout()
        self.say(device=None)

    async def sync(self, wait_ms: int = 0) -> None:
        """Take in what is new, and see to keys as `sync_forever` does."""
        client = self.client
        await client.sync(wait_ms, full_state=client.next_batch is None or client.next_batch == "")
        await client.send_to_device_messages()
        if client.should_upload_keys:
            await client.keys_upload()
        if client.should_query_keys:
            await client.keys_query()
        if client.should_claim_keys:
            await client.keys_claim(client.get_users_for_key_claiming())

    async def hear(self, room: object, event: object) -> None:
        """Keep what was said."""
        if event.sender != self.client.user_id:
            text = event.body if isinstance(event, RoomMessageText) else None
            self.heard.append({"sender": event.sender, "text": text, "is_encrypted": event.decrypted})

    def say(self, **facts: object) -> None:
        """Write a line."""
        print(json.dumps(facts), flush=True)


with tempfile.TemporaryDirectory() as place:
    asyncio.run(Talker(place).run())
