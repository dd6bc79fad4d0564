"""What is known about one subject: counts that fade, by half within a half-life, so that what was long ago counts less.

Standards: none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scop.reputation.deeds import Deed

__all__ = ["Tally"]

MALWARE_WEIGHT = 3.0  # nobody sends it by mistake of a forwarder as often as a forged sender
MAX_OFFENDERS = 3  # hosts of a network that are remembered by name: enough to know that it is not one alone
GONE = 0.05  # of a mail: what has faded this far is forgotten


@dataclass(frozen=True, slots=True)
class Tally:
    """Mails, as they count at `at_unix`."""

    at_unix: float
    honest: float = 0.0  # HAM
    offences: float = 0.0  # FORGERY and MALWARE
    harmless: float = 0.0
    spam: float = 0.0
    offenders: tuple[str, ...] = ()  # of a network: hosts that brought what is bad

    def faded(self, now_unix: float, half_life_seconds: float) -> Tally:
        """Return it as it counts now; a clock that went back lets nothing grow, and what is known fades from now on."""
        passed = now_unix - self.at_unix
        if passed <= 0:
            return replace(self, at_unix=now_unix)
        left = 0.5 ** (passed / half_life_seconds)
        offences, spam = _left(self.offences * left), _left(self.spam * left)
        return Tally(
            now_unix,
            _left(self.honest * left),
            offences,
            _left(self.harmless * left),
            spam,
            self.offenders if offences or spam else (),
        )

    def plus(self, deed: Deed, offender: str = "") -> Tally:
        """Return it with one more deed; `offender` is the host within a network."""
        match deed:
            case Deed.HAM:
                return replace(self, honest=self.honest + 1)
            case Deed.HARMLESS:
                return replace(self, harmless=self.harmless + 1)
            case Deed.SPAM:
                return replace(self, spam=self.spam + 1, offenders=self._with(offender))
            case Deed.FORGERY:
                return replace(self, offences=self.offences + 1, offenders=self._with(offender))
            case Deed.MALWARE:
                return replace(self, offences=self.offences + MALWARE_WEIGHT, offenders=self._with(offender))

    def _with(self, offender: str) -> tuple[str, ...]:
        if not offender or offender in self.offenders or len(self.offenders) >= MAX_OFFENDERS:
            return self.offenders
        return (*self.offenders, offender)

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left of it."""
        return not (self.honest or self.offences or self.harmless or self.spam)


def _left(count: float) -> float:
    return count if count >= GONE else 0.0
