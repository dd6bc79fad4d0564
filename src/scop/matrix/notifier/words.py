"""Words that are of no pipeline, such as what a command wrote: a message that disturbs nobody.

Standards: Matrix v1.19 CS §m.notice, §Size limits; ECMA-48 §5.4 (control sequences).
"""

from __future__ import annotations

import re
from html import escape

import msgspec

from scop.matrix.json_values import JsonObject

__all__ = ["words"]

# Matrix v1.19 CS §Size limits: 65,536 octets of a whole event, of which encryption makes four of three.
MAX_CONTENT_OCTETS = 45_000
# ECMA-48 §5.4: what terminals take as colours and movements.
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def words(text: str) -> JsonObject:
    """Return a message, several lines as one block; raises `ValueError` for what no event holds, or nobody sees."""
    shown = _shown(text)
    if not shown:
        raise ValueError("holds no words")
    content: JsonObject = {"msgtype": "m.notice", "body": shown, "m.mentions": {}}
    if "\n" in shown:
        block = f"<pre><code>{escape(shown, quote=False)}</code></pre>"
        as_block: JsonObject = {**content, "format": "org.matrix.custom.html", "formatted_body": block}
        content = as_block if _fits(as_block) else content
    if not _fits(content):
        raise ValueError("is too long for one message")
    return content


def _shown(text: str) -> str:
    """Return a text without what only a terminal understands."""
    lines = _CONTROL_SEQUENCE.sub("", text).replace("\r\n", "\n")
    return "".join(each for each in lines if each.isprintable() or each in "\n\t").strip("\n")


def _fits(content: JsonObject) -> bool:
    return len(msgspec.json.encode(content)) <= MAX_CONTENT_OCTETS
