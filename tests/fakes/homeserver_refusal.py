"""How the fake homeserver refuses."""

from __future__ import annotations

from scop.matrix.api.errors import MatrixError

__all__ = ["refusal"]


def refusal(status: int, errcode: str, **more: object) -> MatrixError:
    """Return an error as a server answers it."""
    return MatrixError(status, errcode, "no", {"errcode": errcode, "error": "no", **more}, None)
