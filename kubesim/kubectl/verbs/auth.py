"""``kubectl auth``: who one is and what one may do."""

from __future__ import annotations

from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.connection import ADMINISTRATORS
from kubesim.kubectl.errors import KubectlError, SilentExit
from kubesim.kubectl.flags import ALL_NAMESPACES_FLAG, OUTPUT_FLAG, Flag


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


AUTH = Verb(
    "auth",
    None,
    "SUBCOMMAND [options]",
    "Inspect authorization",
    group="Troubleshooting and Debugging Commands",
    subcommands=(
        Verb(
            "can-i",
            can_i,
            "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
            "Check whether an action is allowed",
            flags=(
                ALL_NAMESPACES_FLAG,
                Flag("quiet", "bool", "q", help="Say nothing."),
                Flag("list", "bool", help="List everything."),
                Flag("subresource", help="A part of the object."),
            ),
        ),
        Verb("whoami", whoami, "[options]", "Experimental: Check self subject attributes", flags=(OUTPUT_FLAG,)),
    ),
)
