"""rspamd's Bayes alone: its controller taught and asked over HTTP, what it learned in a Redis of its own.

Set as the `statistic.conf` and `options.inc` that it ships: pairs of words (OSB), Redis for the counts and for what was
learned already, at least 11 tokens, the same fields of the header, the list of public suffixes, and no word before 200
mails of each kind (`min_learns`), unless the bench is told otherwise. There is nothing else: no other module, no DNS,
no learning by itself. It shows a probability in four digits, which would make most of its sure verdicts equal; a symbol
of ours shows what it calls `bayes_prob`, as exactly as it has it. As its `lua_bayes_learn` has it, from 0.95 on it is
spam and up to 0.05 ham: mail that needs no learning. The tokens that it finds in one mail differ a little from one
reading to the next, and so do its figures.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.peers.rspamd import PATH, RULES
from bench.peers.running import running
from bench.spam.mails import Labelled
from scop.cli.spam.evaluate_trainees import Advance
from scop.spam import Label
from scop.spam.evaluation import Judged

__all__ = ["RspamdBayes", "lacking"]

ADDRESS = "127.0.0.1"
SPAM_FROM, HAM_UP_TO = 0.95, 0.05
START_SECONDS = 600.0  # the first time on a machine it compiles the list of public suffixes
COMPILED = Path.home() / ".cache" / "scop-bench" / "rspamd"  # where it keeps that
SYMBOL = "EXACT_BAYES"
_PASSWORD = "bench"
_SECONDS = 60
_LEARNED, _TOO_SHORT, _KNOWN = 200, 204, 208  # what it answers to a mail to learn, and all is well
_JUDGED = 200


def lacking() -> str | None:
    """Return the package that has to be installed first."""
    return next((name for name in ("rspamd", "redis-server") if shutil.which(name, path=PATH) is None), None)


class RspamdBayes:
    """A `scop.spam.evaluation.Trainee`."""

    _advance: Advance

    def __init__(self, folder: Path, least: int) -> None:
        """Start it in a new folder; it says nothing before it learned so many mails of each kind."""
        folder.mkdir(parents=True)
        COMPILED.mkdir(parents=True, exist_ok=True)
        port, self._redis_port = _free_ports()
        script, configuration = folder / "exact.lua", folder / "rspamd.conf"
        script.write_text(_EXACT)
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder,
                compiled=COMPILED,
                share=RULES,
                script=script,
                address=ADDRESS,
                port=port,
                redis=self._redis_port,
                least=least,
            )
        )
        self._life = ExitStack()
        with self._life:
            for command, where in (
                (_redis(self._redis_port, folder), self._redis_port),
                (("rspamd", "--no-fork", "--config", str(configuration), "--insecure"), port),
            ):
                self._life.enter_context(running(command, folder, ADDRESS, where, START_SECONDS))
            self._life = self._life.pop_all()
        self._http = http.client.HTTPConnection(ADDRESS, port, timeout=_SECONDS)

    def begin_anew(self, advance: Advance) -> None:
        """Forget all that was learned, and tell `advance` from now on of each mail."""
        self._advance = advance
        with socket.create_connection((ADDRESS, self._redis_port), _SECONDS) as redis:
            redis.sendall(b"FLUSHALL\r\n")
            answer = redis.recv(100)
        if answer != b"+OK\r\n":
            raise OSError(f"Redis forgets nothing: {answer!r}")

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels; it refuses one that it knows, and one of too few words."""
        for mail in mails:
            self._ask(f"/learn{mail.label}", mail, {_LEARNED, _TOO_SHORT, _KNOWN})
            self._advance(1)

    def judge(self, mails: Sequence[Labelled]) -> Iterator[Judged]:
        """Judge each mail."""
        for mail in mails:
            score = self._score(mail)
            yield Judged(mail.is_spam, score, _label(score))
            self._advance(1)

    def close(self) -> None:
        """End both servers."""
        self._http.close()
        self._life.close()

    def _score(self, mail: Labelled) -> float:
        exact = json.loads(self._ask("/checkv2", mail, {_JUDGED}))["symbols"].get(SYMBOL)
        return float(exact["options"][0]) if exact else 0.5  # nothing is said of a mail that nothing is known of

    def _ask(self, path: str, mail: Labelled, expected: Collection[int]) -> bytes:
        # What is taught in bulk it learns even where it was sure before.
        self._http.request("POST", path, mail.octets, {"Password": _PASSWORD, "Learn-Type": "bulk"})
        answer = self._http.getresponse()
        said = answer.read()
        if answer.status not in expected:
            raise OSError(f"rspamd, {path} of {mail.path.name}: {answer.status} {answer.reason} {said!r}")
        return said


def _label(score: float) -> Label:
    if score >= SPAM_FROM:
        return Label.SPAM
    return Label.HAM if score <= HAM_UP_TO else Label.UNSURE


def _redis(port: int, folder: Path) -> tuple[str, ...]:
    nothing_kept = ("--save", "", "--appendonly", "no", "--dir", str(folder))
    return "redis-server", "--port", str(port), "--bind", ADDRESS, *nothing_kept


def _free_ports() -> list[int]:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind((ADDRESS, 0))
        return [int(one.getsockname()[1]) for one in (first, second)]


_EXACT = f"""
rspamd_config:register_symbol{{
  name = '{SYMBOL}', type = 'postfilter', priority = 10,
  callback = function(task)
    local probability = task:get_mempool():get_variable('bayes_prob', 'double')
    if probability then task:insert_result('{SYMBOL}', 0.0, string.format('%.17g', probability)) end
  end,
}}
"""
_CONFIGURATION = """
lua = "{share}/rules/rspamd.lua";
lua = "{script}";
options {{
  pidfile = "{folder}/pid"; control_socket = "{folder}/control.sock mode=0600";
  cache_file = "{folder}/symbols.cache"; hs_cache_dir = "{compiled}"; tempdir = "{folder}";
  filters = ""; local_addrs = []; task_timeout = 30s;
  url_tld = "{share}/effective_tld_names.dat"; words_decay = 600; allow_raw_input = true;
  classify_headers = ["User-Agent", "X-Mailer", "Content-Type", "X-MimeOLE"];
  dns {{ nameserver = ["127.0.0.1:1:1"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "error"; }}
worker "controller" {{ bind_socket = "{address}:{port}"; count = 1; secure_ip = "{address}"; password = "bench"; }}
classifier "bayes" {{
  tokenizer {{ name = "osb"; }}
  cache {{ }}
  backend = "redis"; servers = "{address}:{redis}"; new_schema = true; min_tokens = 11;
  min_learns = {least};
  statfile {{ symbol = "BAYES_HAM"; spam = false; }}
  statfile {{ symbol = "BAYES_SPAM"; spam = true; }}
}}
"""
