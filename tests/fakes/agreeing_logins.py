"""Logins at the terminal that a person agrees to elsewhere: `scop matrix login` running, and a browser for it."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from fakes.command_line import Said
from fakes.loops import PATIENCE_SECONDS

__all__ = ["PendingLogin", "browser_script", "pending_login", "signed_on", "visit"]


class PendingLogin:
    """The command, while it waits for a person."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.said: list[str] = []
        assert process.stderr is not None
        self._words = process.stderr

    @property
    def url(self) -> str:
        """Where it wants a browser to go, as soon as it says so."""
        return self.line("  http").strip()

    def line(self, start: str) -> str:
        """Return the next line of its words that begins so."""
        for line in self._words:
            self.said.append(line)
            if line.startswith(start):
                return line
        raise AssertionError(f"it ended without {start!r}: {self.said}")

    def paste(self, text: str) -> None:
        """Paste a line into its terminal."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def end(self) -> Said:
        """Wait for its end."""
        out, err = self._process.communicate(timeout=PATIENCE_SECONDS)
        return Said(self._process.returncode, out, "".join(self.said) + err)


@contextmanager
def pending_login(*words: str, around: dict[str, str] | None = None) -> Iterator[PendingLogin]:
    """Run `scop matrix login` with these words beside us."""
    command, pipe = [sys.executable, "-m", "scop.cli", "matrix", "login", *words], subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, errors="surrogateescape", env=around
    )
    clock = threading.Timer(PATIENCE_SECONDS, process.kill)
    clock.start()
    try:
        yield PendingLogin(process)
    finally:
        clock.cancel()
        process.kill()
        process.communicate()


def visit(url: str) -> tuple[int, str]:
    """Open a URL as a browser does, wherever it leads; return the last status and page."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def signed_on(url: str, token: str) -> str:
    """Return where single sign-on sends a browser back to, with a login token."""
    return f"{parse_qs(urlsplit(url).query)['redirectUrl'][0]}?{urlencode({'loginToken': token})}"


def browser_script(folder: Path) -> str:
    """Return what $BROWSER may be, so that whatever is opened is visited."""
    script = folder / "browser"
    script.write_text(f"#!{sys.executable}\nimport sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n")
    script.chmod(0o755)
    return f"{script} %s"
