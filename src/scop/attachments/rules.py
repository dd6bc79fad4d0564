"""The operator's own YARA rules, held against every thing that is looked into.

They are compiled once, before the process that uses them is sealed: the engine turns conditions into machine code,
which needs memory that may be executed; holding them against octets needs none, and neither files nor threads.
A rule is asked for by its `severity` (note, suspicious, dangerous) and `description` among its meta.

Standards: none; the language is that of YARA as the yara-x engine reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yara_x

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.thing import Thing, shown

__all__ = ["Rules"]

_MAX_MATCHES = 32  # findings of rules for one thing
_MAX_PATTERN_MATCHES = 10_000  # of one pattern in one thing; the engine's own bound is a million

_TRIAL = Thing(b"")
_TRIAL_NAME = "scop_trial"
_TRIAL_RULE = f'rule {_TRIAL_NAME} {{ meta: description = "tried before sealing" condition: filesize == 0 }}'


class Rules:
    """Compiled rules: a check of things."""

    __slots__ = ("_rules",)

    def __init__(self, rules: yara_x.Rules) -> None:
        self._rules = rules
        list(self(_TRIAL))  # the engine loads code of its own by its first use, too

    @classmethod
    def compile(cls, sources: Mapping[str, str]) -> Rules:
        """Compile rules from texts under their names; a `ValueError` says which one is wrong and why.

        A rule cannot include another file, and what it asks of modules stays in memory.
        """
        compiler = yara_x.Compiler(includes_enabled=False)
        compiler.add_source(_TRIAL_RULE)
        for origin, text in sources.items():
            try:
                compiler.add_source(text, origin=origin)
            except yara_x.CompileError as error:
                raise ValueError(f"{origin} has no YARA rules that can be used: {_in_one_line(error)}") from None
        return cls(compiler.build())

    def __call__(self, thing: Thing) -> Iterator[Finding]:
        """Yield a finding for each rule that matches."""
        scanner = yara_x.Scanner(self._rules)  # no set_timeout: it would start a thread; the child has its own limit
        scanner.max_matches_per_pattern(_MAX_PATTERN_MATCHES)
        scanner.fast_scan(True)
        for rule in scanner.scan(thing.octets).matching_rules[: _MAX_MATCHES + 1]:
            meta = {name: value for name, value in rule.metadata if isinstance(value, str)}
            if rule.identifier == _TRIAL_NAME:
                continue
            description = shown(meta.get("description", ""))
            reason = f"{thing.shown_name} matches the rule {shown(rule.identifier)}"
            yield thing.finding(Kind.RULE, _severity(meta), f"{reason}: {description}" if description else f"{reason}.")


def _in_one_line(error: yara_x.CompileError) -> str:
    """Return what is wrong and where; the engine draws the lines of the source around it."""
    first, *others = str(error).splitlines()
    place = next((line.strip()[4:] for line in others if line.strip().startswith("--> ")), "")
    return f"{first} ({place})" if place else first


def _severity(meta: Mapping[str, str]) -> Severity:
    """Return what the rule says of itself; somebody who writes a rule and is silent means that it matters."""
    word = meta.get("severity", "").lower()
    return next((severity for severity in Severity if severity == word), Severity.SUSPICIOUS)
