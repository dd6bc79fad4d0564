"""Answers questions by pyspf: scenarios in JSON on stdin, for each question [result, explanation] in JSON on stdout.

Run by the interpreter that has pyspf. Names come from the zones, never from the DNS. `seconds` is how long the checks
themselves took; `void_lookups` of a scenario is how many each of them may have.
"""

import json
import sys
import time

import spf

zone = {}


def values(entry):
    """Yield type and value of each record, as pyspf wants it from its DNS module."""
    for kind, value in entry.items():
        if kind == "TXT":
            yield kind, tuple(part.encode("latin-1") for part in ([value] if isinstance(value, str) else value))
        elif kind == "MX":
            yield kind, (value[0], value[1])
        else:
            yield kind, value


def lookup(name, qtype, strict=True, timeout=20):
    """Return the records of a name and the aliases that lead to them, or raise what silence makes pyspf raise."""
    found = []
    for _ in range(16):
        entries = zone.get(name.lower(), [])
        if "TIMEOUT" in entries:
            raise spf.TempError("DNS timeout")
        here = [pair for entry in entries for pair in values(entry)]
        found += [((name, kind), value) for kind, value in here if kind in (qtype, "CNAME")]
        aliases = [value for kind, value in here if kind == "CNAME"]
        if any(kind == qtype for kind, _ in here) or not aliases:
            break
        name = aliases[0]
    return found


spf.DNSLookup = lookup
answers = []
seconds = 0.0
for scenario in json.load(sys.stdin):
    zone = scenario["zone"]
    spf.MAX_VOID_LOOKUPS = scenario.get("void_lookups", 2)
    for address, sender, helo in scenario["questions"]:
        started = time.perf_counter()
        try:
            answer = spf.check2(i=address, s=sender, h=helo, querytime=0)
        except Exception as fault:
            answer = ("fault", repr(fault))
        seconds += time.perf_counter() - started
        answers.append(answer)
json.dump({"answers": answers, "seconds": seconds}, sys.stdout)
