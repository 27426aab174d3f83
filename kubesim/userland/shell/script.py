"""The programs ``bash``, ``sh`` and ``ash``, and files with ``#!`` that are run as scripts."""

from __future__ import annotations

from kubesim.turn import Interrupted
from kubesim.userland.filesystem import IS_A_DIRECTORY, FileError, absolute
from kubesim.userland.log import Log
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed, Running, Steps
from kubesim.userland.shell.builtins.table import BUILTINS
from kubesim.userland.shell.dialect import ASH, DASH, INTERACTIVE_BASH, Dialect, ShellSyntaxError
from kubesim.userland.shell.interpreter import Attached, Interpreter, Nested, Prepared
from kubesim.userland.shell.parser import Parser
from kubesim.userland.shell.redirections import Opener
from kubesim.userland.shell.state import Variable, shell_state
from kubesim.userland.shell.streams import Capture, Descriptors, Input, LineOutput
from kubesim.userland.shell.tree import CommandList, Simple

PATIENCE = 3600.0
"""Simulated seconds after which a shell that was not started as a container's main process is interrupted."""

_OPTIONS = {"e": "errexit", "u": "nounset", "x": "xtrace", "f": "noglob"}


class ShellProgram(Nested):
    """A shell as a program.

    :param opener: what opens paths that are no files, as bash does for ``/dev/tcp/…``.
    """

    def __init__(self, dialect: Dialect, opener: Opener = lambda machine, path: None) -> None:
        self.dialect = dialect
        self.opener = opener

    def prepare(self, invocation: Invocation, descriptors: Descriptors) -> Prepared | Completed:
        """Read the command line; what has ended already where there is nothing to run."""
        name = invocation.argv[0]
        words = list(invocation.argv[1:])
        options: set[str] = set()
        command = False
        while words and words[0][:1] in ("-", "+") and words[0] != "-" and len(words[0]) > 1:
            word = words.pop(0)
            if word == "--":
                break
            if word == "--version" and self.dialect.is_bash:
                return Completed("GNU bash, version 5.2.37(1)-release (x86_64-pc-linux-gnu)\n")
            if word.startswith("--"):
                if word in ("--login", "--norc", "--noprofile", "--posix"):
                    continue
                return Completed("", f"{name}: {word}: invalid option\n", 2)
            if "o" in word and words:
                options.add(words.pop(0))
            command = command or "c" in word
            options |= {option for letter, option in _OPTIONS.items() if letter in word}
        machine = invocation.machine
        pid = 1 if invocation.main else machine.new_pid()
        script = zero = name
        arguments = words[1:]
        if command:
            if not words:
                return Completed("", self._missing_argument(name), 2)
            text = words[0]
            if len(words) > 1:
                script = zero = words[1]
            arguments = words[2:]
        elif words:
            try:
                text = machine.files.read(absolute(words[0], invocation.directory))
            except FileError as error:
                status = 126 if error.reason == IS_A_DIRECTORY else 127 if self.dialect.is_bash else 2
                return Completed("", self._cannot_open(name, words[0], error.reason), status)
            script = zero = words[0]
        else:
            text = invocation.stdin
            descriptors[0] = Input()
        reads = not command and not words
        state = shell_state(invocation, zero, arguments, pid)
        if self.dialect.name != "dash":
            depth = invocation.environment.get("SHLVL", "")
            level = int(depth[:9] if depth.isdecimal() else 0) + (
                not command or not _is_one_command(text, self.dialect)
            )
            state.variables["SHLVL"] = Variable(str(level), exported=True)
        state.options |= options
        shell = Interpreter(
            machine,
            INTERACTIVE_BASH if self.dialect.is_bash and reads and invocation.keyboard else self.dialect,
            state,
            descriptors,
            script=script,
            opener=self.opener,
            from_option=command,
            main=invocation.main,
            elapsed=invocation.elapsed,
            limit=invocation.limit,
            in_background=invocation.background,
        )
        return Prepared(shell, text, reads)

    def _missing_argument(self, name: str) -> str:
        if self.dialect.is_bash:
            return f"{name}: -c: option requires an argument\n"
        return f"{name}: {'0: ' if self.dialect.name == 'dash' else ''}-c requires an argument\n"

    def _cannot_open(self, name: str, path: str, reason: str) -> str:
        if self.dialect.name == "ash":
            return f"{name}: can't open '{path}': {reason}\n"
        return f"{name}: {'' if self.dialect.is_bash else '0: '}{self.dialect.cannot_open(path, reason)}\n"

    def __call__(self, invocation: Invocation) -> Completed | Running:
        """Run to the end; a container's main process that lets time pass goes on as :class:`Running`."""
        if invocation.main:
            return self._main(invocation)
        out, error = Capture(terminal=invocation.terminal), Capture()
        prepared = self.prepare(invocation, {0: Input(invocation.stdin), 1: out, 2: error})
        if isinstance(prepared, Completed):
            return prepared
        if prepared.reads and invocation.keyboard:
            return Attached(shell=prepared.shell)
        shell = prepared.shell
        steps = shell.run_shell(prepared.text)
        try:
            while shell.elapsed < PATIENCE:
                next(steps)
                if shell.remaining <= 0:  # stopped where it waits; it does not come to what is next
                    return Completed(out.text, error.text, 143, shell.elapsed)
        except StopIteration as stop:
            return Completed(out.text, error.text, stop.value or 0, shell.elapsed)
        return Completed(out.text, error.text, 130, PATIENCE)

    def _main(self, invocation: Invocation) -> Completed | Running:
        log = Log(invocation.machine.datetime)
        sink = LineOutput(log)
        prepared = self.prepare(invocation, {0: Input(invocation.stdin), 1: sink, 2: sink})
        if isinstance(prepared, Completed):
            return prepared
        steps = prepared.shell.run_shell(prepared.text)
        try:
            event = next(steps)
        except StopIteration as stop:
            return Completed("".join(f"{line}\n" for line in log) + sink.rest, "", stop.value or 0)
        except Interrupted:
            return Completed("".join(f"{line}\n" for line in log) + sink.rest, "", 130)
        if isinstance(event, Running):
            return Running(event.listeners, _joined(log, event), event.stop_seconds, event.exit_code)

        def going_on() -> Steps:
            yield event
            try:
                status = yield from steps
            except Interrupted:
                status = 130
            if sink.rest:
                log.append(sink.rest)
            return status

        return Running({}, log, None, 0, going_on())


def _joined(log: list[str], server: Running) -> list[str]:
    """One list for the shell's lines and the server's, which goes on writing to it."""
    server.log[:0] = log
    return server.log


def _is_one_command(text: str, dialect: Dialect) -> bool:
    """Whether a text is one simple command: bash puts its program in its own place, and counts itself no more."""
    parser = Parser(text, dialect)
    try:
        parsed = parser.next()
        return parsed is not None and parser.next() is None and dialect.is_bash and _runs_a_program(parsed)
    except (ShellSyntaxError, RecursionError):
        return False


def _runs_a_program(commands: CommandList) -> bool:
    if len(commands.items) != 1 or commands.items[0][0].rest or len(commands.items[0][0].first.commands) != 1:
        return False
    only = commands.items[0][0].first.commands[0]
    return isinstance(only, Simple) and bool(only.words) and only.words[0].bare not in BUILTINS["bash"]


dash = ShellProgram(DASH)
ash = ShellProgram(ASH)
