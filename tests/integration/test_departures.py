"""The last look before a mail leaves, in a real mesh: our record is wrong, and then is mended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from fakes.command_line import scop
from fakes.real_mesh import RunningWorld
from scop.mesh.vocabulary.relay import QueueEntry, QueueList

PATIENCE_SECONDS = 60.0


def until(find: Callable[[], bool]) -> None:
    """Ask again until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not find():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def test_departure_waits_until_the_record_is_right(running_world: RunningWorld, tmp_path: Path) -> None:
    """Held with the reason and the record to publish, never launched; it leaves by itself once the record is right."""
    lagoon = running_world.world.lagoon
    config = str(running_world.scene.config(lagoon))
    sender, recipient = running_world.person("mistaken", lagoon), running_world.person("waited")

    def publish(policy: str) -> None:
        master_file = tmp_path / "zone"
        records = scop("dns", "zone", "export", lagoon.domain, "-c", config).out.splitlines()
        kept = [line for line in records if not (line.startswith(f"{lagoon.domain}. ") and "v=spf1" in line)]
        master_file.write_text("\n".join([*kept, f'{lagoon.domain}. 1 IN TXT "{policy}"\n']))
        said = scop("dns", "zone", "import", str(master_file), "--origin", lagoon.domain, "-c", config)
        assert (0, len(records) - 1) == (said.status, len(kept)), said

    def held() -> tuple[QueueEntry, ...]:
        said = scop("queue", "list", "--held", "--sender", sender, "--json", "-c", config)
        return msgspec.convert(said.json, QueueList).entries

    before = running_world.status(lagoon)
    for cell in ("resolver", "relay"):  # what they remember of our record from other tests
        os.kill(before[cell].pid, signal.SIGKILL)
    until(
        lambda: all(
            running_world.status(lagoon)[cell].pid not in (0, before[cell].pid)
            for cell in before
            if cell in ("resolver", "relay")
        )
    )
    publish("v=spf1 ip4:192.0.2.1 -all")
    with running_world.login("mistaken") as client:
        client.sendmail(sender, [recipient], f"From: {sender}\r\nSubject: tide\r\n\r\nText\r\n".encode())
    until(lambda: bool(held()))
    (entry,) = held()
    advised = f'publish at lagoon.test: TXT "v=spf1 ip4:{lagoon.address} ip4:192.0.2.1 -all"'
    assert advised in entry.last_reply
    assert (True, 0, ()) == (entry.is_kept_back, entry.attempts, running_world.mails("waited"))
    publish(f"v=spf1 ip4:{lagoon.address} -all")
    (arrived,) = running_world.await_mails("waited", 1)
    assert b"spf=pass smtp.mailfrom=lagoon.test" in running_world.octets("waited", [arrived])[0]
    assert () == held()
