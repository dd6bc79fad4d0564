"""Takes in a first /sync by matrix-nio; run by an interpreter that has it, and asked on standard input.

Each line is {"user_id", "body": path, "store": folder or "", "url": of a homeserver or ""}; each answer is
{"seconds": CPU, "rooms", "members"}. What is timed begins with the octets of the answer, as AsyncClient decodes them,
or with asking for it over HTTP, and ends when its rooms are known.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import time
from pathlib import Path

from nio import AsyncClient, AsyncClientConfig, SyncResponse


async def take(asked: dict[str, str], body: bytes) -> dict[str, object]:
    """Take in one sync by a new client."""
    config = AsyncClientConfig(encryption_enabled=bool(asked["store"]), store_sync_tokens=bool(asked["store"]))
    url = asked["url"] or "https://sea.test"
    client = AsyncClient(url, asked["user_id"], store_path=asked["store"], config=config)
    client.restore_login(asked["user_id"], "BENCH", "token")
    gc.collect()
    started = time.process_time()
    if asked["url"]:
        response = await client.sync(timeout=0, sync_filter={"room": {"state": {"lazy_load_members": True}}})
        assert isinstance(response, SyncResponse), response
    else:
        response = SyncResponse.from_dict(json.loads(body.decode()))
        assert isinstance(response, SyncResponse), response
        await client.receive_response(response)
    seconds = time.process_time() - started
    members = sum(len(room.users) for room in client.rooms.values())
    await client.close()
    return {"seconds": seconds, "rooms": len(client.rooms), "members": members}


def main() -> None:
    """Answer until nobody asks."""
    logging.disable()  # it would tell of each event that it cannot decrypt
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(asyncio.run(take(asked, Path(asked["body"]).read_bytes()))), flush=True)


if __name__ == "__main__":
    main()
