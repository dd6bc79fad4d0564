"""A Dovecot that takes mail by LMTP on a loopback address and keeps it in Maildirs of one folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.listening import await_listener

__all__ = ["is_there", "running_dovecot"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_there() -> bool:
    """Tell whether Dovecot's LMTP server is installed and may be started."""
    return shutil.which("dovecot", path=PATH) is not None and os.geteuid() == 0


@contextmanager
def running_dovecot(folder: Path, address: str, port: int) -> Iterator[Path]:
    """Run a Dovecot that takes mail for any user; yield the folder with a Maildir for each."""
    mail = folder / "mail"
    mail.mkdir(parents=True)
    shutil.chown(mail, "nobody", "nogroup")
    (folder / "dovecot.conf").write_text(_configuration(folder, mail, address, port))
    process = subprocess.Popen(
        ["dovecot", "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.DEVNULL, env={"PATH": PATH}
    )
    try:
        await_listener(address, port, lambda: process.poll() is None)
        yield mail
    finally:
        process.terminate()
        process.wait(20)


def _configuration(folder: Path, mail: Path, address: str, port: int) -> str:
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
protocols = lmtp
first_valid_uid = 1
mail_location = maildir:{mail}/%n
service lmtp {{
  inet_listener lmtp {{
    address = {address}
    port = {port}
  }}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={mail}/%n allow_all_users=yes
}}
passdb {{
  driver = static
  args = nopassword=y
}}
protocol lmtp {{
  auth_username_format = %n
}}
"""
