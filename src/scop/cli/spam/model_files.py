"""A model in a file, for commands that teach it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import click

from scop.store import StoreError
from scop.store.spam_model import SpamModel, SpamModelOptions

__all__ = ["opened"]


def opened(path: Path, own_domains: tuple[str, ...] = ()) -> SpamModel:
    """Open or make a model with its lessons; what hinders that is said to the person."""
    if path.is_dir():
        raise click.ClickException(f"{path}: a folder; name the file of a model")
    try:
        return SpamModel.open(path, SpamModelOptions(own_domains=own_domains))
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or path}: {fault.strerror or fault}") from None
    except (ValueError, StoreError, sqlite3.Error) as fault:
        said = str(fault)
        raise click.ClickException(said if str(path) in said else f"{path}.lessons: {said}") from None
