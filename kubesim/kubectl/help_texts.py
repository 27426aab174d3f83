"""``--help``: what a verb does, its usage and its flags, in a few lines; and ``kubectl options``."""

from __future__ import annotations

from kubesim.kubectl.call import OTHER_COMMANDS, Call, Verb
from kubesim.kubectl.flags import GLOBAL_FLAGS, Flag

NARROWEST = 11
"""The least width of the column of sub-commands (cobra's)."""


def help_of(command: str, verb: Verb) -> str:
    """The help of a verb."""
    if verb.name == "kubectl":
        return _root_help(verb)
    paragraphs = [verb.long or verb.short]
    if verb.aliases:
        paragraphs.append("Aliases:\n" + ", ".join((verb.name, *verb.aliases)))
    if verb.examples:
        paragraphs.append("Examples:\n" + "\n".join(f"  {line}" for line in verb.examples.split("\n")))
    if verb.subcommands:
        rows = sorted((sub.name, sub.short) for sub in verb.subcommands)
        width = max(NARROWEST, *(len(name) for name, _ in rows))
        lines = "\n".join(f"  {name.ljust(width)}   {short}" for name, short in rows)
        paragraphs.append(f"Available Commands:\n{lines}")
    if verb.flags:
        paragraphs.append(
            "Options:\n" + "\n".join(flag_help(flag) for flag in sorted(verb.flags, key=lambda f: f.name))
        )
    usage = verb.use or "[flags] [options]"
    paragraphs.append(f"Usage:\n  {command} {usage}")
    closing = 'Use "kubectl options" for a list of global command-line options (applies to all commands).'
    if verb.subcommands:
        closing = f'Use "{command} <command> --help" for more information about a given command.\n{closing}'
    paragraphs.append(closing)
    return "\n\n".join(paragraphs) + "\n"


def flag_help(flag: Flag) -> str:
    """One flag, as the option list shows it."""
    short = f"-{flag.short}, " if flag.short else "    "
    shown = flag.default or {"bool": "false", "strings": "[]", "array": "[]", "pairs": "[]"}.get(flag.kind, "''")
    return f"    {short}--{flag.name}={shown}:\n\t{flag.help}"


def _row(verb: Verb) -> str:
    return f"  {verb.name.ljust(15)} {verb.short}"


def _root_help(verb: Verb) -> str:
    lines = ["kubectl controls the Kubernetes cluster manager.", ""]
    lines += [" Find more information at: https://kubernetes.io/docs/reference/kubectl/", ""]
    shown = [v for v in verb.subcommands if v.name != "options"]
    groups = [name for name in dict.fromkeys(v.group for v in shown) if name != OTHER_COMMANDS]
    for group in groups:
        lines += [f"{group}:", *(_row(v) for v in shown if v.group == group), ""]
    lines += ["Subcommands provided by plugins:", ""]
    others = sorted((v for v in shown if v.group == OTHER_COMMANDS), key=lambda v: v.name)
    lines += [f"{OTHER_COMMANDS}:", *map(_row, others), ""]
    lines += ["Usage:", "  kubectl [flags] [options]", ""]
    lines.append('Use "kubectl <command> --help" for more information about a given command.')
    lines.append('Use "kubectl options" for a list of global command-line options (applies to all commands).')
    return "\n".join(lines) + "\n"


def options(call: Call) -> int:
    """List the flags that every command takes."""
    call.say("The following options can be passed to any command:\n")
    for flag in GLOBAL_FLAGS:
        call.stdout.append(flag_help(flag) + "\n\n")
    return 0
