"""Engines run the step: they move values in, loop, and move values out. None of them knows a layer."""
