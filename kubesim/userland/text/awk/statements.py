"""What a statement does when it runs."""

from __future__ import annotations

from kubesim.userland.text.awk.runtime import Awk, Expression, LoopJump, Statement
from kubesim.userland.text.awk.values import truth


def print_record(awk: Awk) -> None:
    """``print``: what a rule without an action does."""
    awk.out.append(awk.made(awk.record + str(awk.variables["ORS"])))


def jump(kind: type[Exception]) -> Statement:
    """A statement that leaves the others: ``next``."""

    def run(awk: Awk) -> None:
        raise kind

    return run


def loop(condition: Expression, body: Statement, step: Statement | None = None) -> Statement:
    """``while``, and with a step ``for``."""

    def run(awk: Awk) -> None:
        while truth(condition(awk)):
            awk.tick()
            try:
                body(awk)
            except LoopJump as leaving:
                if not leaving.again:
                    return
            if step is not None:
                step(awk)

    return run
