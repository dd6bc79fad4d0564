"""Worlds of SPF records made from numbers, and questions about them: the same on every machine.

Most records are well-formed and lean on each other; some have faults that people make. A zone is what `StaticNames`
takes in the openspf shape, so that other programs can be given the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["SpfScenario", "spf_scenarios"]

QUESTIONS = 5  # about each zone
DOMAINS = tuple(f"{name}.test" for name in ("a", "b", "c", "d", "sub.a", "deep.sub.a"))
HOSTS = ("mx.a.test", "mx.b.test", "www.a.test", "alias.a.test", "none.a.test")
V4 = tuple(f"192.0.2.{number}" for number in (1, 2, 9, 33, 129))
V6 = ("2001:db8::1", "2001:db8::1:2", "2001:db8:1::9")
LOCAL_PARTS = ("ann", "bob", "ann-list", "a.b-c", "Ann+x", "x" * 60, ".".join(["long"] * 12))
ODD_HELOS = ("localhost", "[192.0.2.1]", "192.0.2.1", "a..test", "MX.A.TEST.")
MACROS = ("%{d}", "%{o}", "%{l}.%{d}", "%{i}.%{d}", "%{ir}.%{v}.%{d}", "%{l1r-}.%{d2}", "%{h}", "%{dr}.test", "%{s}")
ODDITIES = (  # some are faults, some only look so
    *("ip4:192.0.2.300", "ip4:192.0.2.0/33", "ip4:192.0.2.1/024", "ip4", "ip4:", "ip4:192.0.2", "ip4:2001:db8::1"),
    *("ip6:x", "ip6:2001:db8::1/129", "ip6:::192.0.2.1", "ip6:::/0", "ip6:192.0.2.1", "ip6:2001:db8::1//64"),
    *(
        "mx:",
        "mx/33",
        "mx//129",
        "mx/24/64",
        "mx/24//64",
        "a:b",
        "a:192.0.2.1",
        "a:www.a.test.",
        "a:a.test,",
        "A:a.test",
    ),
    *(
        "include",
        "include:",
        "include:a.test/24",
        "foo",
        "all:x",
        "all/24",
        "all.",
        "-",
        "++all",
        "=x",
        "ptr:",
        "exists",
    ),
    *(
        "exists:%{q}.test",
        "exists:%{d",
        "exists:%{d0}.a.test",
        "exists:%(d).test",
        "exists:a%b.test",
        "exists:%{c}.test",
    ),
    *("exists:%{d}%%.a.test", "exists:%_.a.test", "exists:%{D}.a.test", "exists:%{l-+r}.test", "exists:%{l2r-}.a.test"),
    *(
        "redirect=",
        "redirect=a",
        "redirect=%{d2}",
        "REDIRECT=a.test",
        "exp=",
        "exp=a.test",
        "Exp=why.a.test",
        "moo=%{x}",
    ),
    *("moo=", "moo.x=y", "default=-", "2=3", "exists:x..a.test", "a:a_b.test", "a:-x.test", "a:x-.test", "mx:%{h}/24"),
)

Zone = dict[str, list[object]]


@dataclass(frozen=True, slots=True)
class SpfScenario:
    """One zone and the questions about it: address, MAIL FROM and HELO."""

    zone: Zone
    questions: tuple[tuple[str, str, str], ...]


def spf_scenarios(seed: int, questions: int) -> list[SpfScenario]:
    """Return scenarios with so many questions in all."""
    return [_scenario(random.Random(f"{seed}/{number}")) for number in range(questions // QUESTIONS)]


def _scenario(dice: random.Random) -> SpfScenario:
    zone: Zone = {}
    for host in HOSTS[:4]:
        zone[host] = [{"A": address} for address in dice.sample(V4, dice.randint(0, 2))]
        zone[host] += [{"AAAA": address} for address in dice.sample(V6, dice.randint(0, 1))]
    if dice.random() < 0.3:
        zone["alias.a.test"] = [{"CNAME": dice.choice(HOSTS[:3])}]
    for domain in DOMAINS:
        zone[domain] = _domain(dice)
    for address in V4[:3]:
        if dice.random() < 0.5:
            reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
            zone[reverse] = [{"PTR": dice.choice(HOSTS)} for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.06:
        zone[dice.choice((*DOMAINS, *HOSTS))] = ["TIMEOUT"]
    asked = tuple(
        (_address(dice), _sender(dice), dice.choice((*HOSTS, *DOMAINS, *ODD_HELOS))) for _ in range(QUESTIONS)
    )
    return SpfScenario(zone, asked)


def _domain(dice: random.Random) -> list[object]:
    records: list[object] = [{"MX": [10 * n, host]} for n, host in enumerate(dice.sample(HOSTS, dice.randint(0, 3)))]
    records += [{"A": address} for address in dice.sample(V4, dice.randint(0, 2))]
    if dice.random() < 0.92:
        records.append({"TXT": _record(dice)})
    if dice.random() < 0.02:
        records.append({"TXT": _record(dice)})
    if dice.random() < 0.2:
        records.append({"TXT": "an-owner=verified"})
    return records


def _record(dice: random.Random) -> str:
    terms = [_term(dice) for _ in range(dice.choice((0, 1, 2, 2, 3, 3, 4, 6, 12)))]
    if dice.random() < 0.75:
        terms.append(dice.choice(("-all", "~all", "?all", "+all", "-ALL")))
    if dice.random() < 0.2:
        terms.insert(dice.randint(0, len(terms)), f"redirect={dice.choice(DOMAINS)}")
    if dice.random() < 0.1:
        terms.append(dice.choice(("exp=why.a.test", "x-y.z=%{d}", "op=auth", "exp=%{d}")))
    if dice.random() < 0.08:
        terms.insert(dice.randint(0, len(terms)), dice.choice(ODDITIES))
    version = "V=SPF1" if dice.random() < 0.02 else "v=spf1"
    return dice.choice((" ",) * 20 + ("  ",)).join((version, *terms))


def _term(dice: random.Random) -> str:
    kind = dice.choice(("ip4", "ip4", "ip6", "a", "mx", "include", "include", "exists", "ptr", "a", "mx"))
    qualifier = dice.choice(("", "", "", "", "+", "-", "~", "?"))
    return qualifier + _mechanism(kind, dice)


def _mechanism(kind: str, dice: random.Random) -> str:
    match kind:
        case "ip4":
            return f"ip4:{dice.choice(V4)}{dice.choice(('', '', '/32', '/24', '/27', '/0'))}"
        case "ip6":
            return f"ip6:{dice.choice(V6)}{dice.choice(('', '', '/128', '/64', '/32', '/0'))}"
        case "include":
            return f"include:{dice.choice((*DOMAINS, *DOMAINS, 'absent.test', '%{d}', 'sub.%{d}'))}"
        case "exists":
            return f"exists:{dice.choice((*HOSTS, *MACROS, '%{i}._x.a.test'))}"
        case "ptr":
            return dice.choice(("ptr", "ptr:a.test", "ptr:%{d}"))
    target = dice.choice(("", "", f":{dice.choice(HOSTS)}", f":{dice.choice(DOMAINS)}", f":{dice.choice(MACROS)}"))
    return f"{kind}{target}{dice.choice(('', '', '', '/24', '/27//64', '//64'))}"


def _address(dice: random.Random) -> str:
    return dice.choice((*V4, *V4, *V6, "198.51.100.7", "::ffff:192.0.2.1"))


def _sender(dice: random.Random) -> str:
    if dice.random() < 0.05:
        return ""
    return f"{dice.choice(LOCAL_PARTS)}@{dice.choice(DOMAINS)}"
