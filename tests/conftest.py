"""Property tests draw the same examples on every run, and none is failed by a busy machine."""

from hypothesis import settings

settings.register_profile("kubesim", deadline=None, derandomize=True)
settings.load_profile("kubesim")
