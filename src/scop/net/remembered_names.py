"""Names with a memory: what the resolver said is not asked again while it holds, so mail in a rush costs few questions.

An answer is remembered as long as it says, and a minute at most; that there is nothing for seconds only, since who
publishes a key or a policy wants it seen soon. Failures and large answers are asked for again.

Standards: RFC 2181 §8 (TTL), RFC 2308 §5 (negative answers).
"""

from __future__ import annotations

from scop.base import Clock
from scop.dns import TXT, Answer, Question
from scop.net.dns_client import Names

__all__ = ["RememberedNames"]

MAX_SECONDS = 60.0  # a resolver may have fresher news; nothing that the mail asks for changes by the second
MAX_NEGATIVE_SECONDS = 5.0  # who mends a record that was missing sees it at the next try
MAX_ANSWERS = 4096  # a few MB of keys and policies
MAX_OCTETS = 4096  # of one answer's texts; a longer one is hostile, or can be asked for again
MAX_RECORDS = 32  # of one answer


class RememberedNames:
    """Answers from memory where it can, else from `names`; satisfies `scop.net.dns_client.Names`."""

    def __init__(self, names: Names, clock: Clock) -> None:
        self._names = names
        self._clock = clock
        self._answers: dict[tuple[str, str], tuple[float, Answer]] = {}

    def known(self, question: Question) -> Answer | None:
        """Return what is remembered and still holds."""
        found = self._answers.get((question.name, question.type))
        if found is None or found[0] <= self._clock.monotonic():
            return None
        return found[1]

    async def lookup(self, question: Question) -> Answer:
        """Return what is known, asking where it is not remembered."""
        known = self.known(question)
        if known is not None:
            return known
        answer = await self._names.lookup(question)
        if not answer.is_temporary and answer.ttl_seconds > 0 and _is_handy(answer):
            self._remember(question, answer)
        return answer

    def _remember(self, question: Question, answer: Answer) -> None:
        if len(self._answers) >= MAX_ANSWERS:
            # A dict is in order of insertion: the oldest quarter goes, which is old or will be asked for again
            for key in list(self._answers)[: MAX_ANSWERS // 4]:
                del self._answers[key]
        until = self._clock.monotonic() + min(
            answer.ttl_seconds, MAX_SECONDS if answer.records else MAX_NEGATIVE_SECONDS
        )
        key = question.name, question.type
        self._answers.pop(key, None)
        self._answers[key] = until, answer


def _is_handy(answer: Answer) -> bool:
    octets = sum(len(record.joined) for record in answer.records if isinstance(record, TXT))
    return len(answer.records) <= MAX_RECORDS and octets <= MAX_OCTETS
