"""The registered domain of a host: the part of its name that somebody has bought, without a list from outside.

The public suffix list is 300 kB that change every week. A small rule is right for nearly all mail, and where it is
wrong two names below one suffix are taken for one house, which makes a clue weaker and never a false one.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["registered_domain"]

MAX_KNOWN = 4_096  # answers kept

_IP = re.compile(r"[0-9.]+|\[?[0-9a-f.]*:[0-9a-f:.%]*\]?")
# What countries sell names below instead of names of their own: co.uk, com.au, ac.jp …
_SECOND = (
    "ac art asn av bel biz co com conf edu ed firm gen go gob gov gouv govt id in info ind inf ind k12 kiev lg ltd me "
    "mil mod muni mus net name nhs nic nom nsw ne or org plc pol pp press pro qc re sch school sld spb store tm tv "
    "vic web"
)
# Houses whose customers have names below theirs.
_SHARED = (
    "azurewebsites.net blogspot.com cloudfront.net co.com duckdns.org firebaseapp.com github.io gitlab.io "
    "herokuapp.com netlify.app pages.dev r2.dev s3.amazonaws.com vercel.app web.app webflow.io weebly.com "
    "wixsite.com wordpress.com workers.dev"
)
_SECOND_LEVELS, _SHARED_DOMAINS = frozenset(_SECOND.split()), frozenset(_SHARED.split())


@lru_cache(MAX_KNOWN)
def registered_domain(host: str) -> str:
    """Return the registered domain of a host in lower case without a dot at its end; an address is its own."""
    labels = host.split(".")
    if len(labels) <= 2 or _IP.fullmatch(host):
        return host
    is_below_country = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    if is_below_country or ".".join(labels[-2:]) in _SHARED_DOMAINS:
        return ".".join(labels[-3:])
    if len(labels) > 3 and ".".join(labels[-3:]) in _SHARED_DOMAINS:
        return ".".join(labels[-4:])
    return ".".join(labels[-2:])
