"""What mails are known by in the logs."""

import os
import re

from scop.net.trace import STOCK, new_trace_id


def test_trace_ids_are_words_of_one_alphabet() -> None:
    """Twelve digits and letters, none of them easily misread."""
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{12}", new_trace_id()) for _ in range(3 * STOCK))


def test_trace_ids_never_repeat() -> None:
    """Each call mints another one."""
    assert len({new_trace_id() for _ in range(3 * STOCK)}) == 3 * STOCK


def test_trace_ids_of_a_forked_process_are_its_own() -> None:
    """A child shares no stock with its parent."""
    new_trace_id()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, new_trace_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    said = os.read(reader, 100).decode()
    os.close(reader)
    os.close(writer)
    assert said not in {new_trace_id() for _ in range(STOCK)}
