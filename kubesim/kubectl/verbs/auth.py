"""``kubectl auth``: who one is and what one may do."""

from __future__ import annotations

from kubesim.kubectl.call import Call
from kubesim.kubectl.connection import ADMINISTRATORS
from kubesim.kubectl.errors import KubectlError, SilentExit


def can_i(call: Call) -> int:
    """Say whether the user may do something: the administrator of a k3s node may do everything."""
    if len(call.arguments) not in (2, 3):
        raise KubectlError(
            "you must specify two arguments: verb resource or verb resource/resourceName.\n"
            "See 'kubectl auth can-i -h' for help and examples."
        )
    answer = call.flags.text("as") in ADMINISTRATORS
    call.say("yes" if answer else "no")
    if not answer:
        raise SilentExit
    return 0


def whoami(call: Call) -> int:
    """Say who the user is."""
    call.say("ATTRIBUTE   VALUE\nUsername    system:admin\nGroups      [system:masters system:authenticated]")
    return 0
