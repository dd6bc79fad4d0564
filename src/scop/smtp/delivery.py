"""What a sender may wish of the delivery of one message: by when, not before when.

Standards: RFC 2852 (DELIVERBY); RFC 4865 (FUTURERELEASE).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DeliverBy", "Hold"]

MAX_BY_SECONDS = 999_999_999  # RFC 2852 §4: nine digits
MAX_HOLD_SECONDS = 999_999_999  # RFC 4865 §4: nine digits


@dataclass(frozen=True, slots=True)
class DeliverBy:
    """Within how many seconds the message is to be delivered; negative once it is late (RFC 2852 §4)."""

    seconds: int
    mode: str  # 'R': else return it, 'N': else tell of the delay
    trace: bool = False

    def __post_init__(self) -> None:
        if self.mode not in {"R", "N"}:
            raise ValueError("a by-mode is R or N")
        if abs(self.seconds) > MAX_BY_SECONDS or (self.mode == "R" and self.seconds <= 0):
            raise ValueError("a by-time is of nine digits at most, and positive to return what is late")


@dataclass(frozen=True, slots=True)
class Hold:
    """Not before when the message is to go on: in so many seconds, or at a time; exactly one of them (RFC 4865 §4)."""

    for_seconds: int | None = None
    until_unix: float | None = None

    def __post_init__(self) -> None:
        if (self.for_seconds is None) == (self.until_unix is None):
            raise ValueError("a message is held for a time or until one")
        if self.for_seconds is not None and not 0 < self.for_seconds <= MAX_HOLD_SECONDS:
            raise ValueError("a hold is of one to nine digits of seconds")
