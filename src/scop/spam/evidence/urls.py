"""Links and addresses in text: where they lead, and how they are made to look otherwise.

Standards: RFC 3986 §3.2 (authority), §3.3, §3.4.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from scop.spam.evidence.hosts import MAX_HOST_CHARACTERS, host_tokens, registered_domain

__all__ = ["MAX_URLS", "host_of", "is_elsewhere", "url_tokens", "urls_in"]

MAX_URLS = 100  # of one mail
MAX_URL_CHARACTERS = 2_000

_REST = rf"[^\s\"'<>`]{{1,{MAX_URL_CHARACTERS}}}"
_URL = re.compile(rf"(?:https?:[/\\]{{1,2}}|www\.){_REST}")
_HTTP_URL = re.compile(rf"https?:[/\\]{{1,2}}{_REST}")  # begins with a literal: quickly found
_SCHEME = re.compile(r"(?:https?:)?[/\\]{2,3}|(?=www\.)", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/\\?#\s]")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,18}")
_ESCAPE = re.compile(r"%([0-7][0-9a-f])")
_PATH_WORD = re.compile(r"[a-z]{3,20}")
_ENDING = re.compile(r"\.([a-z0-9]{2,5})$")
_LONG_RANDOM = re.compile(r"[a-z0-9_=-]{24}")
MAX_PATH_WORDS = 6


def urls_in(text: str) -> list[str]:
    """Return the links that stand in lower-case `text`, each once."""
    if "http" not in text and "www." not in text:
        return []
    bare = text.count("www.") - text.count("http://www.") - text.count("https://www.")
    found = dict.fromkeys((_URL if bare else _HTTP_URL).findall(text))
    return [url.rstrip(".,;:!?)]}") for url in islice(found, MAX_URLS)]


def host_of(url: str) -> str:
    """Return the host of a web link in lower case, nothing decoded but what hides it; "" where it has none."""
    return _cut(url)[0]


def _host_shown_by(text: str) -> str:
    """Return the host that the visible `text` of a link names; "" where it names none."""
    text = text.strip().lower()
    host = host_of(text) if _SCHEME.match(text) else _AUTHORITY_END.split(text, maxsplit=1)[0]
    return host if _HOST.fullmatch(host) else ""


@lru_cache(maxsize=256)  # of one mail's links each is asked several things
def _cut(url: str) -> tuple[str, str, str, str]:
    """Return the host, the user and the port as they are written, and what follows, all in lower case."""
    start = _SCHEME.match(url)
    if start is None:
        return "", "", "", ""
    rest = url[start.end() : start.end() + MAX_URL_CHARACTERS].lower()
    end = _AUTHORITY_END.search(rest)
    authority, path = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
    user, _, place = authority.rpartition("@")
    host, _, port = place.partition(":") if not place.startswith("[") else (place, "", "")
    if "%" in host:
        host = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), host).lower()
    return host.strip(".")[:MAX_HOST_CHARACTERS], user, port, path


@lru_cache(maxsize=512)  # lists and shops put the same links below all their mails
def url_tokens(url: str) -> tuple[str, ...]:
    """Return the tokens of one link; none for what leads nowhere outside of the mail."""
    host, user, port, path = _cut(url)
    if not host:
        return ()
    found = list(host_tokens(host))
    if user:
        found.append("url:with-user")
    if port and port not in ("80", "443"):
        found.append("url:with-port")
    if "%" in url[: len(host) + 8]:
        found.append("trick:encoded-host")
    return (*found, *_path_tokens(path)) if len(path) > 1 else tuple(found)


def _path_tokens(path: str) -> list[str]:
    place, _, query = path.partition("?")
    found = [f"url:/{word}" for word in _PATH_WORD.findall(place)[:MAX_PATH_WORDS]]
    ending = _ENDING.search(place)
    if ending is not None:
        found.append(f"url:/.{ending[1]}")
    if query:
        found.append("url:?")
    if _LONG_RANDOM.search(path):
        found.append("url:long-random")
    if "@" in path or "%40" in path:
        found.append("url:with-address")
    return found


def is_elsewhere(text: str, target: str) -> bool:
    """Tell whether the visible `text` of a link names another domain than that of its `target`."""
    if "." not in text and "%" not in text:  # nor any dot that is written as an escape
        return False
    shown, actual = _host_shown_by(text), host_of(target)
    return bool(shown and actual) and registered_domain(shown) != registered_domain(actual)
