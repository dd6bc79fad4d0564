"""Names of hosts: whose they are, what they look like, and what is odd about them.

Who registered a name is told by a rule of thumb, not by a list of all registries: a country's `co`, `com` and their
like belong to nobody, and neither do the platforms that give each customer a name of his own. Where the rule is
wrong a token is a little too coarse or too fine, and nothing else depends on it.

Standards: RFC 1123 §2.1 (host names and address literals), RFC 3492 (punycode), RFC 5890 §2.3.2.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from scop.spam.evidence.folding import fold, without_accents

__all__ = [
    "HOST",
    "MAX_HOST_CHARACTERS",
    "client_tokens",
    "host_tokens",
    "is_address",
    "networks_of",
    "registered_domain",
]

HOST = "host:"  # begins the tokens that name a host or a network on a mail's way
MAX_HOST_CHARACTERS = 255  # RFC 1035 §2.3.4
MAX_HOST_LABELS = 4

_SECOND_LEVEL_NAMES = """
ac ad asn asso biz co com conf ed edu fin firm gob gouv gov go gr gv gen govt ind inf info int k12 lg ltd me mil
ne net nic nom nhs or org plc police sch school sld tm tv web in res store art game
"""
_SECOND_LEVEL = frozenset(_SECOND_LEVEL_NAMES.split())
_PLATFORMS_NAMES = """
amazonaws.com appspot.com azurewebsites.net blogspot.com cloudfront.net firebaseapp.com github.io glitch.me
herokuapp.com hopto.org netlify.app ngrok.io no-ip.org onrender.com pages.dev r2.dev repl.co sharepoint.com
square.site surge.sh tripod.com vercel.app web.app webflow.io weebly.com windows.net wixsite.com wordpress.com
workers.dev geocities.com dyndns.org duckdns.org ddns.net trycloudflare.com 000webhostapp.com
"""
_PLATFORMS = frozenset(_PLATFORMS_NAMES.split())
_SHORTENERS_NAMES = """
bit.ly t.co goo.gl tinyurl.com ow.ly is.gd buff.ly adf.ly bit.do cutt.ly rebrand.ly rb.gy shorturl.at tiny.cc
lnkd.in db.tt qr.ae v.gd x.co s.id t.ly t.me wp.me youtu.be fb.me amzn.to soo.gd clck.ru makeashorterlink.com
snipurl.com notlong.com tr.im snip.ly bl.ink shorte.st urlz.fr n9.cl u.to
"""
_SHORTENERS = frozenset(_SHORTENERS_NAMES.split())
_PUNYCODE = codecs.lookup("punycode")  # loaded now: a confined cell may not, later
_DIGIT_AS_LETTER = re.compile(r"[a-z]{2}[0135](?:[a-z]|$)|^[0135][a-z]{2}")
_LETTERS = str.maketrans("0135", "oles")
_DYNAMIC = re.compile(r"dsl|dial|dyn|ppp|cable|pool|dhcp|client|customer|cust|broadband|res\.|home|\d+[-.x]\d+[-.x]\d+")
_ADDRESS = re.compile(r"\[?(?:\d{1,3}(?:\.\d{1,3}){3}|(?:ipv6:)?[0-9a-f]{0,4}(?::[0-9a-f.]{0,15}){2,8})\]?")


def is_address(host: str) -> bool:
    """Tell whether a lower-case `host` is written as an IP address."""
    return _ADDRESS.fullmatch(host) is not None


@lru_cache(maxsize=1024)  # most hosts of a mail are one host
def registered_domain(host: str) -> str:
    """Return the domain that somebody registered, of which `host` is a name; an address is its own."""
    if is_address(host):
        return host
    labels = host.rsplit(".", 3)
    if len(labels) < 3:  # a name and its top-level domain
        return host
    top, second = labels[-1], labels[-2]
    shared = (len(top) == 2 and second in _SECOND_LEVEL) or f"{second}.{top}" in _PLATFORMS
    return ".".join(labels[-3:] if shared else labels[-2:])


@lru_cache(maxsize=1024)
def host_tokens(host: str) -> tuple[str, ...]:
    """Return the tokens of a link's host, in lower case: itself, its parents, and what is odd about it."""
    if is_address(host):
        return ("url:address", *[f"url:{network}" for network in networks_of(host)])
    if host.isdigit() or host.startswith("0x"):
        return ("url:address", "trick:number-as-host")
    labels = host.split(".")
    first = max(0, len(labels) - MAX_HOST_LABELS)
    found = [f"url:{'.'.join(labels[start:])}" for start in range(first, len(labels))]
    if registered_domain(host) in _SHORTENERS:
        found.append("url:shortener")
    if len(labels) > MAX_HOST_LABELS + 1:
        found.append("url:many-labels")
    if not host.isascii() or "xn--" in host:
        found += ["trick:foreign-host", f"url:like:{_looks_like(labels)}"]
    elif any(map(_DIGIT_AS_LETTER.search, labels)):
        found.append(f"url:like:{host.translate(_LETTERS)}")
    return tuple(found)


def _looks_like(labels: list[str]) -> str:
    return ".".join([without_accents(fold(_u_label(label))) for label in labels])


def _u_label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 63:  # RFC 1035 §2.3.4
        return label
    try:
        shown, _ = _PUNYCODE.decode(label[4:].encode("ascii"))
        shown.encode()  # UnicodeEncodeError: half a character
    except UnicodeError:
        return label
    return shown


def networks_of(address: str) -> tuple[str, ...]:
    """Return the networks of an address as text, the narrow one and the wide one."""
    address = address.strip("[]").removeprefix("ipv6:")
    sign = ":" if ":" in address else "."
    groups = address.split(sign)
    return (sign.join(groups[:3]) + sign, sign.join(groups[:2]) + sign)


@lru_cache(maxsize=1024)
def client_tokens(address: str, name: str, helo: str) -> tuple[str, ...]:
    """Return what a client's address, its name in the DNS ("" for none) and what it calls itself say.

    Tokens of kind `HOST` name who it is, others how it behaves.
    """
    found = [f"{HOST}{network}" for network in networks_of(address)] if address else []
    own = registered_domain(name) if name else ""
    if own:
        found.append(f"{HOST}{own}")
        if _DYNAMIC.search(name):
            found.append("net:dynamic-name")
    elif address:
        found.append("net:no-name")
    if not helo:
        return tuple(found)
    if is_address(helo):
        found.append("net:helo-is-address")
    elif "." not in helo:
        found.append("net:helo-unqualified")
    else:
        said = registered_domain(helo)
        found.append(f"{HOST}{said}")
        if own and said != own:
            found.append("net:helo-not-name")
    return tuple(found)
