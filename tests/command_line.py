"""The command line as a test types it."""

import inspect

from click.testing import CliRunner

from pellucid.cli import main


def pellucid_does(*arguments, code=0):
    """What a command prints (standard output, standard error), having ended with `code`."""
    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    result = CliRunner(**apart).invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    return result.stdout, result.stderr
