"""JSON with one of its values replaced, as a damaged or foreign file holds it."""

import copy


def places(value, at=(), every=False):
    """The way to each value: keys and numbers. Of a list the first entry alone stands for all, unless `every`."""
    yield at
    items = value if every else value[:1] if isinstance(value, list) else value
    inner = items.items() if isinstance(value, dict) else enumerate(items) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*at, key), every)


def replaced(value, at, wrong):
    """A copy with `wrong` at the place `at`."""
    if not at:
        return wrong
    changed = copy.copy(value)
    changed[at[0]] = replaced(value[at[0]], at[1:], wrong)
    return changed
