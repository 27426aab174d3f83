"""A shell starts a program of its machine: found on PATH, given its streams, waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubesim.userland.bounds import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError, Invocation
from kubesim.userland.process import Running, Start, Steps
from kubesim.userland.shell.escapes import quoted
from kubesim.userland.shell.signals import ENDINGS, NAMES
from kubesim.userland.shell.state import Capture
from kubesim.userland.stdin_readers import STREAMING, reads_stdin

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


def run_program(shell: Interpreter, words: list[str], extra: dict[str, str], *, replaces: bool = False) -> Steps:
    """Run a program of the machine."""
    from kubesim.userland.shell.script import ShellProgram

    name = words[0]
    try:
        program = shell.machine.find(name, shell.state.directory)
    except ExecutableNotFoundError as error:
        return _not_found(shell, name, error)
    environment = {**shell.state.environment(), **extra, "_": name if "/" in name else path_of(shell, name)}
    environment["PWD"] = shell.state.directory
    source = shell.stdin
    stdin = source.drain() if reads_stdin(words) else ""
    out = shell.descriptors.get(1)
    invocation = Start(
        tuple(words),
        shell.machine,
        stdin,
        environment,
        shell.state.directory,
        main=shell.main and replaces,
        terminal=isinstance(out, Capture) and out.terminal,
        elapsed=shell.offset,
        limit=shell.remaining,
    )
    if isinstance(program, ShellProgram):
        status = yield from _nested(shell, program, invocation)
        return status
    cut = source.cut and reads_stdin(words)
    result = program(invocation)
    if isinstance(result, Running):
        return (yield from _foreground(shell, result))
    shell.write(result.stdout)
    shell.write(result.stderr, 2)
    if cut and not result.satisfied:
        if isinstance(out, Capture) and not out.terminal and name in STREAMING:
            out.full = True
        raise Interrupted
    yield from shell.wait(result.seconds)
    return result.returncode


def _nested(shell: Interpreter, program: object, invocation: Invocation) -> Steps:
    from kubesim.userland.shell.script import ShellProgram

    assert isinstance(program, ShellProgram)
    prepared = program.prepare(invocation, dict(shell.descriptors))
    if len(prepared) == 3:
        shell.write(prepared[0])
        shell.write(prepared[1], 2)
        return prepared[2]
    interpreter, text = prepared
    interpreter.main = shell.main
    interpreter.commands = shell.commands
    status = yield from interpreter.run_shell(text)
    shell.clock = max(shell.clock, interpreter.clock)
    shell.commands = interpreter.commands
    if status > 128 and shell.dialect.is_bash and interpreter.state.status != status:
        signal = NAMES.get(status - 128, "")
        if signal == "KILL":
            shown = " ".join(quoted(word) for word in invocation.argv)
            shell.write(
                f"{shell.script}: line {shell.line}: {interpreter.state.pid:5d} {ENDINGS[signal]:<23} {shown}\n", 2
            )
        elif signal in ENDINGS:
            shell.write(f"{ENDINGS[signal]}\n", 2)
    return status


def _foreground(shell: Interpreter, server: Running) -> Steps:
    """A server in the foreground: it becomes the container, or it is waited for until Ctrl-C."""
    for line in server.log:
        shell.write(f"{line}\n", 2)
    if shell.main:
        server.log.clear()
        yield server
        return server.exit_code
    return 0


def path_of(shell: Interpreter, name: str) -> str:
    """The file of a program, where one of the usual directories has it; else its name."""
    for directory in ("/usr/bin", "/usr/sbin", "/bin", "/sbin"):
        if shell.machine.files.exists(f"{directory}/{name}"):
            return f"{directory}/{name}"
    return name


def _not_found(shell: Interpreter, name: str, error: ExecutableNotFoundError) -> int:
    if error.reason == "permission denied":
        files = shell.machine.files
        directory = files.is_directory(name if name.startswith("/") else f"{shell.state.directory}/{name}")
        shell.complain(f"{name}: {'Is a directory' if directory and shell.dialect.is_bash else 'Permission denied'}")
        return 126
    if "/" in name and shell.dialect.is_bash:
        shell.complain(f"{name}: No such file or directory")
    else:
        shell.complain(shell.dialect.not_found(name))
    return 127
