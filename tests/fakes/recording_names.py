"""Names that remember what they were asked."""

from __future__ import annotations

from scop.dns import Answer, Question, StaticNames

__all__ = ["RecordingNames"]


class RecordingNames:
    """Answers as `names` does and keeps every question in `asked`."""

    def __init__(self, names: StaticNames) -> None:
        self._names = names
        self.asked: list[Question] = []

    def answer(self, question: Question) -> Answer:
        """Answer at once."""
        self.asked.append(question)
        return self._names.answer(question)
