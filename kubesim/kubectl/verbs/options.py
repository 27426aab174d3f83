"""``kubectl options``: the flags that every verb takes."""

from __future__ import annotations

from kubesim.kubectl import help_texts
from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.flags import GLOBAL_FLAGS


def options(call: Call) -> int:
    """List the flags that every command takes."""
    call.say("The following options can be passed to any command:\n")
    for flag in GLOBAL_FLAGS:
        call.stdout.append(help_texts.flag_help(flag) + "\n\n")
    return 0


OPTIONS = Verb("options", options, "[flags]", "Print the list of flags inherited by all commands")
