"""What the operator asks of the resolver, answered."""

from __future__ import annotations

from scop.cells.resolver.judging import Belief
from scop.cells.resolver.recursion import Recursion, Surroundings
from scop.cells.resolver.told import told, traced
from scop.dns import Question
from scop.dns.dnssec.validation import Validator
from scop.dns.resolver.options import ResolverOptions
from scop.mesh.calls import Answers
from scop.mesh.vocabulary.resolver import ResolvedName, ResolveName
from scop.net.faults import PermanentFailure
from scop.net.peer import Peer

__all__ = ["Desk"]


class Desk:
    """Answers calls, from what the cell knows or from the root down."""

    def __init__(
        self,
        recursion: Recursion,
        judge: Validator | None,
        told_before: tuple[ResolverOptions, Belief],
        surroundings: Surroundings,
    ) -> None:
        self._recursion = recursion
        self._judge = judge
        self._settings, self._belief = told_before
        self._surroundings = surroundings

    @property
    def answers(self) -> Answers:
        """Which questions there are."""
        return {ResolveName: self.resolve_name}

    async def resolve_name(self, call: ResolveName, _peer: Peer) -> ResolvedName:
        """Resolve a name; a trace looks at nothing that is remembered, and leaves nothing behind."""
        try:
            question = Question(call.name, call.type)
        except ValueError as fault:
            raise PermanentFailure(str(fault)) from fault
        if call.trace:
            return await traced(question, self._settings, self._belief, self._surroundings)
        resolution = self._recursion.recall(question) or await self._recursion.resolve(question)
        return told(question, resolution, self._judge)
