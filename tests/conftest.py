"""What all tests share: random examples are the same in every run, and no test depends on how fast a machine is."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
