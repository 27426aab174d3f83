"""``--help``: what a verb does, its usage and its flags, in a few lines."""

from __future__ import annotations

from kubesim.kubectl.verbs import Flag, Verb


def help_of(command: str, verb: Verb) -> str:
    """The help of a verb."""
    if verb.name == "kubectl":
        return _root_help(verb)
    paragraphs = [verb.long or verb.short]
    if verb.aliases:
        paragraphs.append("Aliases:\n" + ", ".join((verb.name, *verb.aliases)))
    if verb.subcommands:
        rows = sorted((sub.name, sub.short) for sub in verb.subcommands)
        width = max(len(name) for name, _ in rows)
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


def _root_help(verb: Verb) -> str:
    lines = ["kubectl controls the Kubernetes cluster manager.", ""]
    for group in dict.fromkeys(v.group for v in verb.subcommands):
        lines.append(f"{group}:")
        lines.extend(f"  {v.name.ljust(15)} {v.short}" for v in verb.subcommands if v.group == group)
        lines.append("")
    lines += ["Usage:", "  kubectl [flags] [options]", ""]
    lines.append('Use "kubectl <command> --help" for more information about a given command.')
    lines.append('Use "kubectl options" for a list of global command-line options (applies to all commands).')
    return "\n".join(lines) + "\n"
