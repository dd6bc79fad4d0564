"""An rspamd that judges who sent a mail, and nothing else, with everything it writes in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from bench.peers.running import running

__all__ = ["is_there", "running_rspamd"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
RULES = Path("/usr/share/rspamd")
PLUGINS = ("spf", "arc", "dmarc")
SUFFIXES = "test\n"  # it looks for organizational domains in a list of public suffixes


def is_there() -> bool:
    """Tell whether rspamd is installed."""
    return shutil.which("rspamd", path=PATH) is not None


@contextmanager
def running_rspamd(folder: Path, address: str, port: int, names: tuple[str, int]) -> Iterator[Popen[bytes]]:
    """Run an rspamd of one worker that answers HTTP at `address`; it asks the DNS server at `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suffixes").write_text(SUFFIXES)
    modules = "\n".join(f'modules {{ path = "{RULES}/plugins/{name}.lua"; }}' for name in PLUGINS)
    configuration = folder / "rspamd.conf"
    configuration.write_text(
        f"""
lua = "{RULES}/rules/rspamd.lua";
options {{
  pidfile = "{folder}/pid"; control_socket = "{folder}/control.sock mode=0600";
  cache_file = "{folder}/symbols.cache"; hs_cache_dir = "{folder}"; tempdir = "{folder}";
  filters = "dkim"; local_addrs = []; url_tld = "{folder}/suffixes"; task_timeout = 30s;
  dns {{ nameserver = ["{names[0]}:{names[1]}:1"]; timeout = 2s; retransmits = 3; }}
}}
logging {{ type = "console"; level = "warning"; }}
worker "normal" {{ bind_socket = "{address}:{port}"; count = 1; }}
{modules}
spf {{ }}
dkim {{ time_jitter = 1h; max_sigs = 8; }}
dmarc {{ }}
arc {{ sign_inbound = false; }}
"""
    )
    command = ("rspamd", "--no-fork", "--config", str(configuration), "--insecure")
    with running(command, folder, address, port) as process:
        yield process
