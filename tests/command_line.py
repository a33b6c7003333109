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


LISTENS = """
import importlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)

def hold_still(*_, **__):
    print("holding still", flush=True)
    while True:
        time.sleep(1)

module, _, name = sys.argv.pop(1).rpartition(".")
if name:
    setattr(importlib.import_module(module), name, hold_still)
import pellucid.cli
pellucid.cli.main()
"""


def interrupted(*arguments, seconds=100, within=""):
    """(exit code, standard output, standard error) of a command that gets Ctrl-C after its twentieth epoch.

    `within`: a function, as "pellucid.tables.record.health", which never ends: Ctrl-C comes when it is called instead.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENS, within, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    guard = threading.Timer(seconds, process.kill)
    guard.start()
    for line in process.stdout:
        if line.startswith("holding still" if within else "epoch 20/"):
            process.send_signal(signal.SIGINT)
            break
    out, error = process.communicate()
    guard.cancel()
    return process.returncode, out, error


def ctrl_c_within(monkeypatch, owner, name, when=lambda *arguments, **options: True):
    """Let a real Ctrl-C come when `owner.name` is called, where `when` says yes of what it is called with."""
    usual = getattr(owner, name)

    def disturbed(*arguments, **options):
        if when(*arguments, **options):
            signal.raise_signal(signal.SIGINT)
        return usual(*arguments, **options)

    monkeypatch.setattr(owner, name, disturbed)
