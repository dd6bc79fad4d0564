"""Hamlet: mails without end of which it is known what they say, so that readers and writers of mail can be tried.

`generate(seed, index)` gives the octets of a mail and `expected(seed, index)` the tree of values that it was written
from: a reader is right where it finds that tree. Both are the same on every machine. The values are drawn first, then
how each is spelled, from a grammar of every form that the standards allow, the obsolete ones and some common breaches
too; `count_productions` tells how often each stands in a corpus. Nothing is spelled by the writers of `scop.mime`.

The mails are in the public domain (CC0): their words were made up for them.

Standards: RFC 5322, RFC 2045, RFC 2046, RFC 2047, RFC 2183, RFC 2231, RFC 6532.
"""

from scop.hamlet.coverage import count_productions
from scop.hamlet.draw import Draw
from scop.hamlet.mail import expected, generate, productions
from scop.hamlet.production import Production

__all__ = ["Draw", "Production", "count_productions", "expected", "generate", "productions"]
