"""rspamd's Bayes alone: pairs of words (OSB) over SQLite, taught and asked over HTTP."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.peers.rspamd import RULES, SUFFIXES
from bench.peers.running import running
from bench.spam.mails import Labelled
from scop.spam import Label
from scop.spam.evaluation import Judged

__all__ = ["RspamdBayes"]

ADDRESS = "127.0.0.1"
SPAM_FROM, HAM_UP_TO = 0.99, 0.05
_ports = itertools.count(11_950)
_PASSWORD = "bench"


class RspamdBayes:
    """A `scop.spam.evaluation.Trainee`; it says its score in hundredths of a percent."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port = next(_ports)
        (folder / "suffixes").write_text(SUFFIXES)
        configuration = folder / "rspamd.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, rules=RULES, address=ADDRESS, port=port))
        self._life = ExitStack()
        command = ("rspamd", "--no-fork", "--config", str(configuration), "--insecure")
        self._life.enter_context(running(command, folder, ADDRESS, port))
        self._http = http.client.HTTPConnection(ADDRESS, port, timeout=60)

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels; it refuses one that it knows."""
        for mail in mails:
            self._ask(f"/learn{mail.label}", mail)

    def judge(self, mails: Sequence[Labelled]) -> list[Judged]:
        """Judge each mail."""
        scores = [(mail, self._score(mail)) for mail in mails]
        return [Judged(mail.is_spam, score, _label(score)) for mail, score in scores]

    def close(self) -> None:
        """End the server."""
        self._http.close()
        self._life.close()

    def _score(self, mail: Labelled) -> float:
        symbols = json.loads(self._ask("/checkv2", mail)).get("symbols", {})
        for symbol, sign in (("BAYES_SPAM", 1), ("BAYES_HAM", -1)):
            if symbol in symbols:  # 0 % is undecided, 100 % as sure as can be
                return 0.5 + sign * float(symbols[symbol]["options"][0].rstrip("%")) / 200
        return 0.5

    def _ask(self, path: str, mail: Labelled) -> bytes:
        self._http.request("POST", path, mail.octets, {"Password": _PASSWORD})
        return self._http.getresponse().read()


def _label(score: float) -> Label:
    if score >= SPAM_FROM:
        return Label.SPAM
    return Label.HAM if score < HAM_UP_TO else Label.UNSURE


_CONFIGURATION = """
lua = "{rules}/rules/rspamd.lua";
options {{
  pidfile = "{folder}/pid"; control_socket = "{folder}/control.sock mode=0600";
  cache_file = "{folder}/symbols.cache"; hs_cache_dir = "{folder}"; tempdir = "{folder}";
  filters = ""; local_addrs = []; url_tld = "{folder}/suffixes"; task_timeout = 30s;
  dns {{ nameserver = ["127.0.0.1:1:1"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "error"; }}
worker "controller" {{ bind_socket = "{address}:{port}"; count = 1; secure_ip = "127.0.0.1"; password = "bench"; }}
classifier "bayes" {{
  tokenizer {{ name = "osb"; }}
  backend = "sqlite3"; min_tokens = 1; min_learns = 1; new_schema = true;
  statfile {{ symbol = "BAYES_HAM"; spam = false; path = "{folder}/ham.sqlite"; }}
  statfile {{ symbol = "BAYES_SPAM"; spam = true; path = "{folder}/spam.sqlite"; }}
}}
"""
