"""`scop matrix`: a Matrix client in the terminal, and a notifier for continuous integration. One file per command.

scop matrix login @me:example.org
scop matrix create --name 'The sea' --invite @you:example.org
scop matrix send 'The sea' 'Hello.'
scop matrix listen
"""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["matrix"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "alias": ("scop.cli.matrix.directory", "alias", "Show the aliases of a room, add or remove one."),
    "backup": ("scop.cli.matrix.backup", "backup", "Keep the keys of messages at the server, sealed."),
    "ban": ("scop.cli.matrix.moderation", "ban", "Keep people out of a room."),
    "chat": ("scop.cli.matrix.chat", "chat", "Read a room and write into it, in one terminal."),
    "create": ("scop.cli.matrix.rooms", "create", "Make a room, encrypted unless everybody may come in."),
    "devices": ("scop.cli.matrix.devices", "devices", "Show devices and how far they are trusted."),
    "download": ("scop.cli.matrix.files", "download", "Fetch a file, decrypted where it was encrypted."),
    "history": ("scop.cli.matrix.history", "history", "Show what was said in a room."),
    "invite": ("scop.cli.matrix.rooms", "invite", "Ask people into a room."),
    "join": ("scop.cli.matrix.rooms", "join", "Come into a room."),
    "kick": ("scop.cli.matrix.moderation", "kick", "Make people leave a room."),
    "knock": ("scop.cli.matrix.rooms", "knock", "Ask to be let into a room."),
    "leave": ("scop.cli.matrix.rooms", "leave", "Leave a room, or say no to an invite."),
    "listen": ("scop.cli.matrix.listen", "listen", "Show what happens, live."),
    "login": ("scop.cli.matrix.login", "login", "Log in, and keep the session in a sealed store."),
    "logout": ("scop.cli.matrix.login", "logout", "End the session, and keep nothing of it."),
    "members": ("scop.cli.matrix.rooms", "members", "Show who is in a room."),
    "notify": ("scop.cli.matrix.notify", "notify", "Tell rooms what becomes of builds: once, or as a service."),
    "profile": ("scop.cli.matrix.directory", "profile", "Show a profile, or change our own."),
    "recover": ("scop.cli.matrix.backup", "recover", "Read old messages by the recovery key."),
    "redact": ("scop.cli.matrix.history", "redact", "Take away what was said."),
    "rooms": ("scop.cli.matrix.rooms", "rooms", "List the rooms that we are in or asked into."),
    "send": ("scop.cli.matrix.send", "send", "Send a message or a file, encrypted where the room is."),
    "topic": ("scop.cli.matrix.directory", "topic", "Show or change what a room is about."),
    "upload": ("scop.cli.matrix.files", "upload", "Put a file where anybody with its address may fetch it."),
    "verify": ("scop.cli.matrix.verify", "verify", "Compare pictures with somebody, or show them a code."),
    "whoami": ("scop.cli.matrix.login", "whoami", "Say who is logged in here."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def matrix() -> None:
    """Chat from the terminal, end-to-end encrypted."""
