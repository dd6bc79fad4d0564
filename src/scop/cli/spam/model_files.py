"""A model in a file, for commands that teach it or look at it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import click

from scop.spam import Classifier
from scop.store import StoreError
from scop.store.model_file import read_model
from scop.store.spam_model import SpamModel, SpamModelOptions

__all__ = ["opened", "read"]


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


def read(path: Path) -> Classifier:
    """Return what a model's file holds; what hinders that is said to the person."""
    try:
        return read_model(path)
    except FileNotFoundError:
        makes = f"`scop spam train --model {path}` makes a model"
        raise click.ClickException(f"{path}: there is no such file; {makes}") from None
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None
