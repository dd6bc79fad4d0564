"""A second home of a store's history: another git repository, near or far.

Fetching brings the other side's commits beside ours without touching the branch; sending moves the other side's branch
to ours, and never by force: where it holds what we do not know, `Diverged` is raised, and who owns the files decides
how the two become one (`Store.join`). Blocks for as long as the network takes, so it runs on a thread of its own, with
a `Store` of its own.

A URL is a folder, `file://`, `ssh://login@host/path`, `https://` or `git://` (which proves nobody: for networks that
are trusted). For SSH the private key is a file, and the host's key must stand in `known_hosts`; for HTTPS the
authorities are a file, and name and token are the two lines of another.

Standards: none; https://git-scm.com/docs/gitprotocol-v2
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scop.store.faults import StoreError
from scop.store.libgit2 import CredentialType, pygit2
from scop.store.repository import FIRST_BRANCH

__all__ = ["Diverged", "Remote"]

FETCHED = "refs/remotes/remote/main"
MAX_URL = 1024
_MILLISECONDS = 20_000  # for a connection, and for each answer on it
_SCHEMES = ("file://", "ssh://", "https://", "git://")


class Diverged(StoreError):
    """The other side holds commits that ours do not stand on."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the other repository is, and what proves us to it and it to us."""

    url: str
    key: Path | None = None  # private, for SSH
    home: Path | None = None  # in whose `.ssh/known_hosts` an SSH host's key stands
    authorities: Path | None = None  # PEM, for HTTPS
    login: tuple[str, str] | None = None  # name and token, for HTTPS

    def __post_init__(self) -> None:
        if len(self.url) > MAX_URL or not (self.url.startswith(_SCHEMES) or self.url.startswith("/")):
            kinds = ", ".join(_SCHEMES)
            raise ValueError(f"not a repository: {self.url!r} (an absolute path, or a URL that begins {kinds})")

    @property
    def folder(self) -> Path | None:
        """The repository's folder where it is on this machine."""
        path = self.url.removeprefix("file://")
        return Path(path) if path.startswith("/") else None

    def fetch(self, repository: pygit2.Repository) -> str:
        """Bring the other side's commits here and return the id of its last, '' where it is empty."""
        with _speaking(self):
            remote = repository.remotes.create_anonymous(self.url)
            heads = {head.name for head in remote.list_heads(callbacks=_Callbacks(self))}
            if FIRST_BRANCH not in heads:
                return ""
            remote.fetch([f"+{FIRST_BRANCH}:{FETCHED}"], callbacks=_Callbacks(self))
        return str(repository.references[FETCHED].target)

    def push(self, repository: pygit2.Repository) -> None:
        """Move the other side's branch to ours; raises `Diverged` where that would lose commits of its."""
        callbacks = _Callbacks(self)
        with _speaking(self):
            remote = repository.remotes.create_anonymous(self.url)
            try:
                remote.push([FIRST_BRANCH], callbacks=callbacks)
            except pygit2.GitError as error:
                if _is_divergence(str(error)):
                    raise Diverged(str(error)) from error
                raise
        if callbacks.refusal:
            fault = Diverged if _is_divergence(callbacks.refusal) else StoreError
            raise fault(f"{self.url} does not take our commits: {callbacks.refusal}")


def _is_divergence(text: str) -> bool:
    """Whether the refusal is that we are behind; git says it in several ways, and has no code for it here."""
    return any(word in text for word in ("non-fastforward", "non-fast-forward", "fetch first", "not present locally"))


class _Callbacks(pygit2.RemoteCallbacks):
    """Says who we are, and hears what becomes of a push."""

    def __init__(self, remote: Remote) -> None:
        super().__init__()
        self._remote = remote
        self._asked = 0
        self.refusal = ""

    def credentials(
        self, url: str, username_from_url: str | None, allowed_types: CredentialType
    ) -> pygit2.Username | pygit2.UserPass | pygit2.Keypair:
        """Offer the key or the token once: libgit2 asks again for ever where it is refused."""
        self._asked += 1
        if self._asked > 2:  # an SSH host asks for the name first
            raise StoreError(f"{url} refuses what we prove ourselves with")
        name, remote = username_from_url or "git", self._remote
        if allowed_types & CredentialType.USERNAME:
            return pygit2.Username(name)
        if allowed_types & CredentialType.SSH_KEY and remote.key is not None:
            return pygit2.Keypair(name, None, str(remote.key), "")
        if allowed_types & CredentialType.USERPASS_PLAINTEXT and remote.login is not None:
            return pygit2.UserPass(*remote.login)
        raise StoreError(f"{url} wants us to prove who we are, and no key or token is configured for it")

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:
        """Believe a host whose key is in `known_hosts`, or whose certificate an authority vouches for, and no other.

        Without this pygit2 lets libgit2 go on where the key of an SSH host is unknown, or another.
        """
        return valid

    def push_update_reference(self, refname: str, message: str | None) -> None:
        """Keep why a branch was not moved."""
        if message:
            self.refusal = message


@contextmanager
def _speaking(remote: Remote) -> Iterator[None]:
    """Set up libgit2's network and turn its faults into ours; these settings hold for the whole process."""
    if remote.url.startswith("https://") and remote.authorities is None:
        raise StoreError(f"{remote.url}: nobody's certificate is believed without a file of authorities (remote.ca)")
    if remote.folder is not None and not remote.folder.is_dir():  # libgit2 would speak of its protocol
        raise StoreError(f"{remote.url}: there is no such folder (`git init --bare` makes one)")
    pygit2.settings.server_connect_timeout = _MILLISECONDS
    pygit2.settings.server_timeout = _MILLISECONDS
    if remote.home is not None:
        pygit2.settings.homedir = str(remote.home)
    if remote.authorities is not None:
        pygit2.settings.set_ssl_cert_locations(str(remote.authorities), None)
    try:
        yield
    except pygit2.GitError as error:
        raise StoreError(f"{remote.url}: {error}") from error
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{remote.url}: {error}") from error
