"""Floor 7, the learner's shell on a simulated host."""

from kubesim.terminal.terminal import Terminal

__all__ = ["Terminal"]
