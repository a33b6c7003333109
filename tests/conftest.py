"""How the tests run: Hypothesis may take its time, since how long an example takes says nothing about what it shows."""

from hypothesis import settings

settings.register_profile("pellucid", deadline=None)
settings.load_profile("pellucid")
