"""Sending events and what is not kept."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, Body, InPath
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.events.edu import Edu
from scop.matrix.json_values import JsonObject

__all__ = ["MAX_EDUS", "MAX_PDUS", "PduProcessingResult", "SendTransaction", "SendTransactionResponse"]

MAX_PDUS = 50  # Matrix v1.19 SS §Transactions
MAX_EDUS = 100


class PduProcessingResult(Body, frozen=True, kw_only=True):
    """What became of one event."""

    error: str | None = None


class SendTransactionResponse(Response, frozen=True, kw_only=True):
    """What became of each event, by its id."""

    pdus: dict[str, PduProcessingResult]


class SendTransaction(Request[SendTransactionResponse], frozen=True, kw_only=True):
    """Send events, and what passes without being kept."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/federation/v1/send/{txnId}", Access.SERVER)

    txn_id: InPath[str] = msgspec.field(name="txnId")
    origin: str
    origin_server_ts: int
    pdus: tuple[JsonObject, ...]
    edus: tuple[Edu, ...] | None = None
