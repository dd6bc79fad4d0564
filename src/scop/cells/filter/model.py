"""The model in use: opened with what people taught, and replaced by one that arrives in pieces."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scop.base import printable
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.filter import InstallModel
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.store import StoreError
from scop.store.spam_model import SpamModel, SpamModelOptions

__all__ = ["MAX_MODEL_OCTETS", "Arrival", "open_model", "trouble_is_temporary"]

MAX_MODEL_OCTETS = 64 << 20  # a million tokens take less than 40 MB
_FILE = "model.spam"


def open_model(folder: Path, domain: str, underway: Underway, log: Log) -> SpamModel:
    """Open the cell's model, an untrained one at the first start; raises `ValueError` where its file is none."""

    def tell(fault: OSError | sqlite3.Error) -> None:
        log.error("model.unwritten", reason=printable(str(fault)))

    try:
        options = SpamModelOptions(own_domains=(domain,), at_work=underway.at_work, on_fold_failed=tell)
        return SpamModel.open(folder / _FILE, options)
    except (StoreError, sqlite3.Error) as fault:
        raise ValueError(f"{folder / _FILE}.lessons: {fault}") from fault


@contextmanager
def trouble_is_temporary() -> Iterator[None]:
    """Have what the disk runs into be said as `TemporaryFailure`."""
    try:
        yield
    except (OSError, sqlite3.Error, StoreError) as fault:
        raise TemporaryFailure(f"the model's disk: {fault}") from fault


class Arrival:
    """Puts a model together from its pieces; the piece at 0 begins anew."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def take(self, piece: InstallModel) -> bytes | None:
        """Take the next piece; return the whole model after the last one."""
        if piece.offset == 0:
            self._octets.clear()
        if piece.offset != len(self._octets):
            raise PermanentFailure(f"a piece at {piece.offset} where {len(self._octets)} octets are there; begin anew")
        if piece.total_octets > MAX_MODEL_OCTETS or piece.offset + len(piece.octets) > piece.total_octets:
            raise PermanentFailure(f"a model has at most {MAX_MODEL_OCTETS} octets, and no more than it says")
        self._octets += piece.octets
        if len(self._octets) < piece.total_octets:
            return None
        octets, self._octets = bytes(self._octets), bytearray()
        return octets
