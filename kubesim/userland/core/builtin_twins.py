"""Programs that shells have as builtins too: ``echo``, ``printf``, ``test``, ``pwd``, ``true``, ``false``."""

from __future__ import annotations

from kubesim.userland.command_line import finished, is_busybox
from kubesim.userland.machine import Invocation
from kubesim.userland.printing import echo_text, printf_text
from kubesim.userland.process import Completed
from kubesim.userland.shell.conditions import Facts, TestError, holds


def echo(invocation: Invocation) -> Completed:
    """``/bin/echo``."""
    return Completed(echo_text(invocation.argv[1:]))


def printf(invocation: Invocation) -> Completed:
    """``/usr/bin/printf``."""
    if len(invocation.argv) < 2:
        return Completed("", "printf: missing operand\nTry 'printf --help' for more information.\n", 1)
    text, problems = printf_text(invocation.argv[1], invocation.argv[2:])
    return finished(text, [f"printf: {problem}" for problem in problems])


def test(invocation: Invocation) -> Completed:
    """``/usr/bin/test`` and ``/usr/bin/[``."""
    words = list(invocation.argv[1:])
    if invocation.argv[0].endswith("["):
        if not words or words[-1] != "]":
            return Completed("", "[: missing ‘]’\n", 2)
        words = words[:-1]
    try:
        return Completed(returncode=int(not holds(words, Facts(invocation.machine.files, invocation.directory))))
    except TestError as error:
        quoted = f"invalid integer ‘{error.number}’" if error.number else error.message
        return Completed(
            "", f"test: {quoted}\n" if not is_busybox(invocation) else f"sh: {error.number}: bad number\n", 2
        )


test.__test__ = False  # type: ignore[attr-defined]


def pwd(invocation: Invocation) -> Completed:
    """The working directory."""
    return Completed(f"{invocation.directory}\n")


def true(invocation: Invocation) -> Completed:
    """Do nothing, successfully."""
    return Completed()


def false(invocation: Invocation) -> Completed:
    """Do nothing, unsuccessfully."""
    return Completed(returncode=1)
