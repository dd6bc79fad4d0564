"""What the filter answers to the operator: how it was trained, and a new model piece by piece."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["InstallModel", "ModelStatus", "ReadModelStatus"]


class ModelStatus(msgspec.Struct, frozen=True):
    """What the model in use was trained on; all zero where there is none."""

    ham: int
    spam: int
    tokens: int


class ReadModelStatus(Call[ModelStatus], frozen=True):
    """What do you judge by?"""


class InstallModel(Call[ModelStatus], frozen=True):
    """Take this piece of a new model; the last one (offset + piece = total) puts it in use, durably."""

    offset: int
    total_octets: int
    octets: bytes
