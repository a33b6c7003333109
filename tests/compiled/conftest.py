"""The tests of the compiled engine start from no program at all: what the user's own cache holds is none of theirs."""

import os

import pytest

os.environ["PELLUCID_COMPILE_CACHE"] = "off"  # before anything is compiled, and for the processes that tests start
pytest.importorskip("jax")
