"""The contender's side of turns.py: prepare, say so, then answer each line (a number of steps) with a measurement."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings


def main() -> None:
    """Read `module name spec` from the command line and serve turns until standard input ends."""
    module, name, spec = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    # Answers have a channel of their own, so that a library that prints cannot break the protocol.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(message: dict[str, object]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    warnings.simplefilter("ignore")  # peers warn about not having converged; that is not asked of them here
    try:
        turn, version = importlib.import_module(module).CONTENDERS[name](spec)
    except ImportError as missing:
        answer({"absent": f"not installed here ({missing})"})
        return
    answer({"version": version})
    for line in sys.stdin:
        try:
            answer(turn(int(line)))
        except Exception as failed:  # reported there, in a line; the others go on
            answer({"absent": f"{type(failed).__name__}: {(str(failed).strip().splitlines() or [''])[0]}"})
            return


if __name__ == "__main__":
    main()
