"""Programs that do nothing, or nothing for a while: ``sleep``, ``true``, ``false``, ``watch``."""

from __future__ import annotations

import re

from kubesim.userland.files_text import Complaint, guarded, is_busybox, split_options
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def sleep(invocation: Invocation) -> Completed:
    """Let time pass: the one program that takes exactly as long as it says."""
    _, words = split_options(invocation, "")
    if not words:
        raise Complaint("sleep: missing operand\nTry 'sleep --help' for more information.\n")
    total = 0.0
    for word in words:
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)|(infinity|inf)", word)
        if not match:
            if is_busybox(invocation):
                raise Complaint(f"sleep: invalid number '{word}'\n")
            raise Complaint(f"sleep: invalid time interval ‘{word}’\nTry 'sleep --help' for more information.\n")
        if match[3]:
            return Completed(seconds=10.0 * 365 * 86_400)
        total += float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
    return Completed(seconds=total)


def true(invocation: Invocation) -> Completed:
    """Do nothing, successfully."""
    return Completed()


def false(invocation: Invocation) -> Completed:
    """Do nothing, unsuccessfully."""
    return Completed(returncode=1)


def watch(invocation: Invocation) -> Completed:
    """``watch`` needs a terminal that it can redraw."""
    return Completed("", "Error opening terminal: unknown.\n", 1)
