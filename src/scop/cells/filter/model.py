"""The model in use and its file: replaced as a whole, durable before it judges a mail."""

from __future__ import annotations

from pathlib import Path

from scop.mesh.vocabulary.filter import InstallModel, ModelStatus
from scop.mesh.whole_file import write_whole
from scop.net.faults import PermanentFailure
from scop.spam import Classifier

__all__ = ["MAX_MODEL_OCTETS", "ModelInUse"]

MAX_MODEL_OCTETS = 64 << 20  # some four million tokens; the corpus of 6,000 mails makes two megabytes
_FILE = "model.spam"


class ModelInUse:
    """Holds the classifier that weighs mail; an untrained one where the folder has no model."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._arriving = bytearray()
        self.classifier = self._read() if self._path.exists() else Classifier()

    def _read(self) -> Classifier:
        try:
            return Classifier.load(self._path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{self._path}: {error}; take it away, and train anew") from None

    def status(self) -> ModelStatus:
        """Return what the model was trained on."""
        return ModelStatus(self.classifier.ham_count, self.classifier.spam_count, self.classifier.token_count)

    def take(self, piece: InstallModel) -> ModelStatus:
        """Take a piece of a new model; after the last one it is on the disk and in use."""
        if piece.offset == 0:
            self._arriving.clear()
        if piece.offset != len(self._arriving):
            raise PermanentFailure(
                f"a piece at {piece.offset} where {len(self._arriving)} octets are there; begin anew"
            )
        if piece.total_octets > MAX_MODEL_OCTETS or piece.offset + len(piece.octets) > piece.total_octets:
            raise PermanentFailure(f"a model has at most {MAX_MODEL_OCTETS} octets, and no more than it says")
        self._arriving += piece.octets
        if len(self._arriving) == piece.total_octets:
            octets = bytes(self._arriving)
            self._arriving.clear()
            self._install(octets)
        return self.status()

    def _install(self, octets: bytes) -> None:
        try:
            fresh = Classifier.load(octets)
        except ValueError as error:
            raise PermanentFailure(f"this is no model: {error}") from None
        write_whole(self._path, octets)
        self.classifier = fresh
