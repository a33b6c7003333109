"""Doctests are collected from every module; those that need a library which is not here are left out."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("jax") else ["src/pellucid/engines/jax_*.py"]
