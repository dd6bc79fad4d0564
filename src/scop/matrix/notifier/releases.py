"""New releases of packages, read from what their homes publish.

PyPI says them in JSON, GitHub and most other forges in an Atom feed, others in RSS or in JSON of their own, of which
a template says where the version stands.

Standards: RFC 4287 (Atom); RSS 2.0; the JSON API of the Python Package Index.
"""

from __future__ import annotations

import datetime
import email.utils
import re
import xml.etree.ElementTree as ElementTree
from enum import StrEnum

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.notifier.payload import Payload, one_line, web_address
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status

__all__ = ["Home", "Release", "home_url", "read_releases", "release_report"]

MAX_RELEASES = 2000
TEST = "test"  # the name of the job that a test command is

_ATOM = "{http://www.w3.org/2005/Atom}"
# PEP 440 and semantic versions alike: a letter behind a number, or a part after a dash; .post and +build are none.
_PRERELEASE = re.compile(r"\d[.\-_]?(a|b|c|rc|alpha|beta|pre|preview|dev)[.\-_]?\d*", re.IGNORECASE)


class Home(StrEnum):
    """Where releases are read."""

    PYPI = "pypi"
    GITHUB = "github"
    FEED = "feed"
    JSON = "json"


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One version that was published."""

    version: str
    title: str = ""
    url: str = ""
    published_unix: float = 0.0

    @property
    def is_prerelease(self) -> bool:
        """Whether its version says that it is none to use."""
        return _PRERELEASE.search(self.version) is not None


def home_url(home: Home, package: str, index: str = "") -> str:
    """Return where the releases of a package are read; '' where only its own address says it.

    `index` is the package index for `Home.PYPI`: what pip calls index-url, without its /simple.
    """
    if home is Home.PYPI:
        return f"{index.rstrip('/')}/pypi/{package}/json" if index else ""
    return f"https://github.com/{package}/releases.atom" if home is Home.GITHUB else ""


def read_releases(home: Home, octets: bytes, version: str = "") -> tuple[Release, ...]:
    """Return what a home says, the oldest first; raises `RemoteProtocolError`. `version` is the template for JSON."""
    if home is Home.PYPI:
        found = _pypi(Payload.parse(octets))
    elif home is Home.JSON:
        found = _json(octets, version)
    else:
        found = _feed(octets)
    found.reverse()  # who lists no moments lists the newest first, as feeds do
    found.sort(key=lambda release: release.published_unix)
    return tuple(found[-MAX_RELEASES:])


def _pypi(payload: Payload) -> list[Release]:
    releases = payload.at("releases").json
    summary, base = payload.text("info", "summary"), payload.address("info", "package_url")
    found = []
    for version, files in (releases if isinstance(releases, dict) else {}).items():
        whole = list(Payload(files).each())
        if whole and not all(file.flag("yanked") for file in whole):  # without files there is nothing to install yet
            published = min(file.unix("upload_time_iso_8601") for file in whole)
            url = f"{base.rstrip('/')}/{version}/" if base else ""
            found.append(Release(version=version, title=summary, url=url, published_unix=published))
    return found


def _json(octets: bytes, version: str) -> list[Release]:
    try:
        payload = Payload(msgspec.json.decode(octets))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(f"not JSON: {error}") from None
    entries = list(payload.each()) or [payload]
    found = []
    for entry in entries:
        said = entry.filled(version)
        if said:
            moment = max(entry.unix(name) for name in ("published_at", "created_at", "date"))
            url = entry.address("html_url") or entry.address("url")
            found.append(Release(version=said, title=entry.text("name"), url=url, published_unix=moment))
    if not found:
        raise RemoteProtocolError(f"nothing stands at {version}")
    return found


def _feed(octets: bytes) -> list[Release]:
    # XML 1.0 §2.8: entities, by which a small document becomes a large one, are declared in a DTD.
    if b"<!DOCTYPE" in octets.upper() or b"\0" in octets:  # in UTF-16 it could not be seen
        raise RemoteProtocolError("a feed with a DTD, or not in UTF-8")
    try:
        root = ElementTree.fromstring(octets)  # noqa: S314 - as said above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RemoteProtocolError(f"not XML: {error}") from None
    if root.tag == f"{_ATOM}feed":
        return [_atom_entry(entry) for entry in root.iter(f"{_ATOM}entry")]
    items = [_rss_item(item) for item in root.iter("item")]
    if root.tag != "rss":
        raise RemoteProtocolError("neither Atom nor RSS")
    return items


def _atom_entry(entry: ElementTree.Element) -> Release:
    link = entry.find(f"{_ATOM}link")
    url = web_address(link.get("href", "")) if link is not None else ""
    title = one_line(entry.findtext(f"{_ATOM}title") or "")
    moment = Payload(entry.findtext(f"{_ATOM}published") or entry.findtext(f"{_ATOM}updated")).unix()
    # GitHub's titles are free; the tag is the end of the address, and of the id.
    tag = url.rpartition("/tag/")[2] if "/tag/" in url else title
    return Release(version=tag or title, title=title, url=url, published_unix=moment)


def _rss_item(item: ElementTree.Element) -> Release:
    title = one_line(item.findtext("title") or "")
    moment = _rfc5322(item.findtext("pubDate") or "")
    url = web_address((item.findtext("link") or "").strip())
    return Release(version=title, title=one_line(item.findtext("description") or ""), url=url, published_unix=moment)


def _rfc5322(text: str) -> float:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()


def release_report(source: str, package: str, release: Release, test: Job | None, now_unix: float) -> Report:
    """Return what is told of a release, and of the test of it if there is one."""
    return Report(
        source=source,
        project=package,
        pipeline=f"release-{release.version}",
        stamp=Stamp(1, now_unix),
        status=test.status if test else Status.PUBLISHED,
        ref=release.version,
        workflow="release",
        title=release.title,
        url=release.url,
        created_unix=release.published_unix or now_unix,
        seconds=test.seconds if test else None,
        jobs=(test,) if test else (),
    )
