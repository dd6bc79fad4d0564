"""The log on its disk."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

from scop.net.log import Log, write_to_descriptor


def test_log_goes_on_when_the_disk_has_no_room(tmp_path: Path) -> None:
    """A line that cannot be written raises nothing; what was cut off does not spoil the next one."""
    path = tmp_path / "relay.jsonl"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    log = Log("relay", write_to_descriptor(descriptor))
    log.info("mail.queued", trace="a")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, before[1]))
    try:
        log.info("mail.queued", trace="cut off")
        log.info("mail.queued", trace="lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.info("mail.queued", trace="b")
    os.close(descriptor)
    first, cut, last = path.read_bytes().splitlines()
    assert ["a", "b", 10] == [json.loads(first)["trace"], json.loads(last)["trace"], len(cut)]
