"""run.toml: every setting of a run under its option's name, so that --config repeats it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import click

LEFT_OUT = ("config", "checkpoint", "resume", "as_json", "quiet")  # how a run was watched is not what it computed
DIGEST = "data_sha256"


def text(settings: Mapping[str, Any], comments: list[str], digest: str = "") -> str:
    """The file's text. Settings that are None are left out: they follow from the data."""
    lines = [f"# {comment}" for comment in comments]
    kept = {key: value for key, value in settings.items() if key not in LEFT_OUT and value is not None}
    kept |= {DIGEST: digest} if digest else {}
    return "\n".join([*lines, *(f"{key} = {_value(value)}" for key, value in kept.items()), ""])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


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
    ctx.default_map = settings
    return path
