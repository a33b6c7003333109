"""The command line as a test types it."""

import inspect
import signal
import subprocess
import sys
import threading

from click.testing import CliRunner

from pellucid.cli import main


def pellucid_does(*arguments, code=0):
    """What a command prints (standard output, standard error), having ended with `code`."""
    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    result = CliRunner(**apart).invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    return result.stdout, result.stderr


def interrupted(*arguments, seconds=100):
    """(exit code, standard output, standard error) of a command that gets Ctrl-C after its twentieth epoch."""
    listens = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import pellucid.cli as c; c.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", listens, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    guard = threading.Timer(seconds, process.kill)
    guard.start()
    for line in process.stdout:
        if line.startswith("epoch 20/"):
            process.send_signal(signal.SIGINT)
            break
    out, error = process.communicate()
    guard.cancel()
    return process.returncode, out, error
