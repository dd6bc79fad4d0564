"""Names with a record of what was asked: so that a person is shown each question a check put, and its answer."""

from __future__ import annotations

from dataclasses import dataclass

from scop.dns import Answer, Question
from scop.net.dns_client import Names

__all__ = ["Asked", "NotedNames"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came back."""

    question: Question
    answer: Answer


class NotedNames:
    """Asks others, and notes each question once with its answer, in the order of asking."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[tuple[str, str], Answer] = {}
        self.asked: list[Asked] = []

    async def lookup(self, question: Question) -> Answer:
        """Return what is known, from the first time on without asking again."""
        key = question.name, question.type
        if key not in self._known:
            self._known[key] = answer = await self._names.lookup(question)
            self.asked.append(Asked(question, answer))
        return self._known[key]
