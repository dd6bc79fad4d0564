"""Where our public addresses are read: the configuration, an interface, or what a command says.

Standards: Linux netdevice(7), proc(5) (`/proc/net/if_inet6`).
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import shlex
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import click

from scop.supervisor.config_file import read_config

__all__ = ["AddressSource", "address_source"]

# Returns the addresses as they are now, at least one; raises `ValueError` and `OSError` that say what is wrong.
AddressSource: TypeAlias = Callable[[], tuple[str, ...]]

COMMAND_SECONDS = 15
MAX_ADDRESSES = 16
_SIOCGIFADDR = 0x8915
_IF_INET6 = Path("/proc/net/if_inet6")
# if_addr.h: made for privacy and soon gone, tried and taken by somebody else, on its way out, not tried yet.
_NOT_TO_BE_PUBLISHED = 0x01 | 0x08 | 0x20 | 0x40


def address_source(text: str, config: Path) -> AddressSource:
    """Return what `--address-from` names: `interface:NAME`, `command:WORDS`, or '' for what the configuration says."""
    kind, _, rest = text.partition(":")
    if not text:
        return lambda: _configured(config)
    if kind == "interface" and rest:
        return lambda: _checked(_public(_of_interface(rest)), text)
    if kind == "command" and rest:
        return lambda: _checked(_said_by(rest), text)
    raise click.UsageError(f"--address-from {text}: say interface:NAME or command:WORDS")


def _configured(config: Path) -> tuple[str, ...]:
    """Read the file anew: a person may have written another address into it."""
    read = read_config(config)
    if read.publish.address_from:
        return address_source(read.publish.address_from, config)()
    return read.publish.addresses or (read.network.address,)


def _checked(addresses: list[str], source: str) -> tuple[str, ...]:
    try:
        found = dict.fromkeys(ipaddress.ip_address(address) for address in addresses)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    usable = [each for each in found if not (each.is_link_local or each.is_unspecified or each.is_multicast)]
    if not usable or len(usable) > MAX_ADDRESSES:
        raise ValueError(f"{source} has {len(usable)} usable addresses")
    return tuple(map(str, usable))


def _public(addresses: list[str]) -> list[str]:
    """Leave out what the world cannot reach, unless there is nothing else, as in a laboratory."""
    return [each for each in addresses if ipaddress.ip_address(each).is_global] or addresses


def _of_interface(name: str) -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):  # it may have no v4
        request = struct.pack("256s", name.encode()[:15])
        found.append(socket.inet_ntoa(fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)[20:24]))
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
        for line in _IF_INET6.read_text(encoding="ascii").splitlines():
            octets, *_, flags, interface = line.split()
            if interface == name and not int(flags, 16) & _NOT_TO_BE_PUBLISHED:
                found.append(str(ipaddress.IPv6Address(bytes.fromhex(octets))))
    return found


def _said_by(command: str) -> list[str]:
    """Run the operator's own command, without a shell; each word that it prints is an address."""
    try:
        done = subprocess.run(  # noqa: S603 - the words are the operator's own, and no shell reads them
            shlex.split(command), capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        raise ValueError(f"command:{command}: status {error.returncode}{f', {said[-1]}' if said else ''}") from None
    except (subprocess.SubprocessError, ValueError) as error:  # it takes too long, or its quotes do not close
        raise ValueError(f"command:{command}: {error}") from error
    return done.stdout.split()
