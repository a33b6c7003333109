"""What `pellucid check` is to check: a model file, a part of pellucid by its name, or a class in a user's own file."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import sys
from typing import Any

import click

from pellucid import layers, losses
from pellucid.cli import source
from pellucid.errors import InputError
from pellucid.exchange.model_file import load
from pellucid.glass.gradients import GradientReport, check_gradients

# What a constructor's arguments without a default get, by their annotation; the first whole number is 5, others are 3.
_EXAMPLES: dict[str, Any] = {"float": 0.3, "tuple[int, ...]": (5, 2), "str": "", "bool": False}


def check(thing: str, seed: int) -> GradientReport:
    """The report on what `thing` names."""
    if thing.lower().endswith(".safetensors"):
        return check_gradients(load(source.existing_model(thing)), rng=seed)
    return check_gradients(_part(thing), rng=seed)


def _part(thing: str) -> Any:
    path, colon, name = thing.rpartition(":")
    if thing.endswith(".py"):
        raise click.UsageError(f"{thing}: which class of it? Write {thing}:MyLayer.")
    name, arguments, settings = _call(name)
    if colon and path.endswith(".py"):
        kind = _in_file(path, name)
    else:
        kind = getattr(layers, name, None) or getattr(losses, name, None)
        if kind is None or name in ("Layer", "Loss"):
            known = [*(n for n in layers.__all__ if n != "Layer"), *(n for n in losses.__all__ if n != "Loss")]
            raise click.UsageError(
                f"{thing!r} is neither a model file (.safetensors) nor a layer. Layers and losses: {', '.join(known)}. "
                "One of your own: file.py:MyLayer."
            )
    if arguments is None:
        arguments, settings = _examples(kind), {}
    try:
        return kind(*arguments, **settings)
    except TypeError as error:
        raise InputError(f"{thing}: {error}. Write its arguments: '{path + colon}{name}(3)'.") from None


def _call(text: str) -> tuple[str, list[Any] | None, dict[str, Any]]:
    """(name, arguments, named arguments) of "Dense(5, 3)"; None for no brackets. Plain values only: nothing is run."""
    try:
        node = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Name):
            return node.id, None, {}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            arguments = [ast.literal_eval(argument) for argument in node.args]
            settings = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg is not None}
            return node.func.id, arguments, settings
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        pass
    raise click.UsageError(f"{text!r}: expected a name, with plain numbers in brackets if it needs any: 'Dense(5, 3)'.")


def _in_file(path: str, name: str) -> Any:
    """The class `name` of the Python file at `path`, which is run."""
    if not os.path.isfile(path):
        raise click.UsageError(f"{path}: there is no such file.")
    spec = importlib.util.spec_from_file_location("checked_file", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["checked_file"] = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))  # what lies beside it, as when Python runs the file
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # anything that a user's own file may raise
        raise InputError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    kind = getattr(module, name, None)
    if not (isinstance(kind, type) and issubclass(kind, (layers.Layer, losses.Loss))):
        own = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__]
        parts = [n for n in own if issubclass(getattr(module, n), (layers.Layer, losses.Loss))]
        raise click.UsageError(
            f"{path} has no layer or loss {name!r}" + (f"; it has {', '.join(parts)}." if parts else ".")
        )
    return kind


def _examples(kind: Any) -> list[Any]:
    """Arguments for a constructor that needs some."""
    given: list[Any] = []
    if kind.__init__ is object.__init__:
        return given
    for parameter in inspect.signature(kind).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            given += [layers.Dense(5, 5), layers.Tanh()]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            word = parameter.annotation if isinstance(parameter.annotation, str) else ""
            word = word or getattr(parameter.annotation, "__name__", "")
            given.append(_EXAMPLES.get(word, 3 if given else 5))
    return given
