"""The command line: one file a command, each brought in only when it is called.

Exit codes: 0 all is well; 1 the result is not good enough; 2 the command is wrong (a name, an option, a file that is not
there or cannot be written); 3 the data or the file cannot be used; 4 an optional library is missing; 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from pellucid import __version__
from pellucid.errors import DataError, FileError, MissingExtraError, NonFiniteError, PellucidError
from pellucid.options import in_a_shell

# Each command is `command` in the file of its name; its sentence stands here so that help needs no file.
COMMANDS = {
    "train": "Train a network on data, judge it, write it to a file.",
    "predict": "What a trained network says about the rows of a file.",
    "evaluate": "How good a trained network is.",
    "explain": "Every number of a network's answer to one row, worked out.",
    "diagnose": "What is wrong with a network, and what to try.",
    "inspect": "What is in a data file or a model file.",
    "check": "Whether the gradients of a model or layer are right.",
    "activations": "Activation functions: formula, picture, cost, use.",
    "data": "Draw a data set and print it as a table.",
    "report": "Write what is known of a network as one HTML page.",
    "doctor": "What is installed, and how to install what is missing.",
}

_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (MissingExtraError, 4),
    (DataError, 3),
    (FileError, 3),
    (NonFiniteError, 1),
    (PellucidError, 2),
    (MemoryError, 3),
    (OSError, 2),
)


class Pellucid(click.Group):
    """The group of all commands. An error is one sentence on standard error and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"pellucid.cli.{name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"write one of {', '.join(COMMANDS)}."
            raise click.UsageError(f"{error.message.rstrip('.')}; {hint}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = "pellucid", **extra: Any
    ) -> Any:
        extra.pop("standalone_mode", None)
        arguments = list(sys.argv[1:] if args is None else args)
        with warnings.catch_warnings(), in_a_shell():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _show_warning
            sys.exit(self._code(arguments, prog_name, extra))

    def _code(self, args: list[str], prog_name: str | None, extra: dict[str, Any]) -> int:
        """Run, and say what went wrong where something did; the exit code."""
        debug = "--debug" in args  # before or after the command's name
        try:
            code = super().main([arg for arg in args if arg != "--debug"], prog_name, standalone_mode=False, **extra)
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
        except (KeyboardInterrupt, click.Abort):
            click.echo("Interrupted.", err=True)
            return 130
        except BrokenPipeError:  # the reader, such as head, has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except click.ClickException as error:
            bare = type(error).__name__ == "NoArgsIsHelpError"  # no command at all; its message is the help
            click.echo(error.format_message() if bare else f"Error: {error.format_message()}", err=True)
            return error.exit_code
        except tuple(kind for kind, _ in _CODES) as error:
            if debug:
                traceback.print_exc()
            click.echo(f"Error: {_sentence(error)}", err=True)
            return next(code for kind, code in _CODES if isinstance(error, kind))


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; try fewer rows, or a smaller --batch-size."
    if isinstance(error, OSError) and not isinstance(error, PellucidError):
        return f"{error.filename or 'a file'}: {error.strerror or error}."
    return str(error)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"Note: {message}", err=True)


@click.group(cls=Pellucid, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pellucid")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def main(debug: bool) -> None:
    """Neural networks you can see through.

    Example: pellucid train spiral
    """
