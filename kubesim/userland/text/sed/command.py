"""``sed``: its options and files."""

from __future__ import annotations

import re

from kubesim.userland.command_line import Complaint, finished, guarded, inputs, is_busybox, split_options
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed
from kubesim.userland.text.sed.running import run_script
from kubesim.userland.text.sed.script import ScriptReader


@guarded
def sed(invocation: Invocation) -> Completed:
    """Edit a stream of lines."""
    scripts: list[str] = []
    words: list[str] = []
    arguments = list(invocation.argv[1:])
    while arguments:
        word = arguments.pop(0)
        if word in ("-e", "--expression") and arguments:
            scripts.append(arguments.pop(0))
        elif re.fullmatch(r"-[nErsi]*e", word) and arguments:
            words.append(word[:-1])
            scripts.append(arguments.pop(0))
        elif re.fullmatch(r"-i.+|--in-place.*", word):
            words.append("-i")
        else:
            words.append(word)
    from dataclasses import replace

    long = "quiet=n silent=n regexp-extended=E in-place=i"
    options, operands = split_options(replace(invocation, argv=("sed", *words)), "nErsiuz", "f", long)
    if "f" in options:
        try:
            scripts.append(invocation.machine.files.read(absolute(options["f"], invocation.directory)))
        except FileError as error:
            raise Complaint(f"sed: couldn't open file {options['f']}: {error.reason}\n") from error
    if not scripts:
        if not operands:
            raise Complaint("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n", 1)
        scripts = [operands.pop(0)]
    script = ScriptReader("\n".join(scripts), "E" in options or "r" in options)
    commands = script.commands()
    problems: list[str] = []
    wording = (lambda name, reason: f"sed: {name}: {reason}") if is_busybox(invocation) else _wording
    if "i" in options:
        for name, text in inputs(invocation, operands, problems, wording):
            edited, _ = run_script(commands, text, "n" in options)
            invocation.machine.files.write(absolute(name, invocation.directory), edited)
        return finished("", problems, failing=4)
    text = "".join(content for _, content in inputs(invocation, operands, problems, wording))
    out, status = run_script(commands, text, "n" in options)
    return finished(out, problems, status, failing=2)


def _wording(name: str, reason: str) -> str:
    return (
        f"sed: couldn't edit {name}: not a regular file"
        if reason == "Is a directory"
        else f"sed: can't read {name}: {reason}"
    )
