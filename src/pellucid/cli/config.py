"""run.toml: every setting of a run under its option's name, so that --config repeats it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from pellucid.tables.settings import toml

# How a run was watched is not what it computed.
LEFT_OUT = ("config", "checkpoint", "resume", "as_json", "quiet", "dry_run")
DIGEST = "data_sha256"


@dataclass
class Settings:
    """Every option of `pellucid train` for arrays under its name; its help says what each means."""

    data: str
    target: str | None
    n: int | None
    noise: float | None
    task: str
    layers: str
    activation: str
    dropout: float
    batch_norm: bool
    loss: str
    optimizer: str
    learning_rate: float | None
    schedule: str
    epochs: int
    batch_size: int | None
    validation: float
    test: float
    patience: int
    scale: str
    seed: int
    dtype: str
    engine: str
    output: str | None
    picture: bool
    checkpoint: str | None = None
    resume: bool = False


def text(settings: Mapping[str, Any], comments: list[str], digest: str = "") -> str:
    """The file's text. Settings that are None are left out: they follow from the data."""
    kept = {key: value for key, value in settings.items() if key not in LEFT_OUT}
    return toml(kept | ({DIGEST: digest} if digest else {}), comments)


def read(ctx: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """The callback of --config: what the file says becomes the default of every option."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            settings = tomllib.load(file)
    except (OSError, ValueError) as error:  # tomllib's and the decoder's errors are ValueErrors
        why = getattr(error, "strerror", None) or str(error)
        raise click.UsageError(f"--config {path} cannot be read: {why}.") from None
    ctx.meta[DIGEST] = settings.pop(DIGEST, "")
    known = {p.name for p in ctx.command.params if p.name is not None} - set(LEFT_OUT)
    unknown = sorted(set(settings) - known)
    if unknown:
        raise click.UsageError(f"--config {path}: {unknown[0]!r} is no setting. Settings: {', '.join(sorted(known))}.")
    several = {p.name for p in ctx.command.params if getattr(p, "multiple", False)}
    for name in several & set(settings):
        if not isinstance(settings[name], list):  # one, of files that hold arrays
            settings[name] = [settings[name]]
    ctx.default_map = settings
    return path
