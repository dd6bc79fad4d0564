"""Calls: typed questions between cells that no standard has words for.

A question is a frozen struct that names the type of its answer; the library carries both and checks
both against their types. It does not decide who may ask: the pipe below knows the asking cell.

    class CountMails(Call[int], frozen=True):
        account: str

    count = await caller.call(CountMails("alice"))

Theory of operation. Every frame is a length of four octets and a MessagePack value. The answering side
speaks first (`Hello`), so that an asker whose certificate was refused learns it before it asks. Then
`Request(id, name, arguments)` and `Response(id, outcome, content)` travel in any order. A question that
is unknown or malformed is refused alone; octets that are no frames end the pipe.
"""

from scop.mesh.calls.caller import Caller
from scop.mesh.calls.frames import MAX_FRAME_OCTETS
from scop.mesh.calls.messages import Call
from scop.mesh.calls.server import Answers, CallServer

__all__ = ["MAX_FRAME_OCTETS", "Answers", "Call", "CallServer", "Caller"]
