"""Running commands: lists, pipelines, loops, functions, subshells, programs.

An :class:`Interpreter` works as a generator: it yields the seconds that each command takes, and whoever drives it
decides what they are: the learner's terminal lets the whole simulation go on for that long, ``kubectl exec`` adds them
up, and a container's main process is woken when they have passed. So ``while true; do curl …; sleep 1; done`` is the
same loop wherever it runs.

All of it is one class, because commands nest without end: a list holds pipelines, they hold compound commands, and
those hold lists. What does not call back lives beside it: words (``expansion``), streams (``redirections``),
conditions, builtins.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from typing import NamedTuple

from kubesim.turn import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError, Invocation, Machine, Process
from kubesim.userland.printing import quoted
from kubesim.userland.process import Completed, Running, Start, Steps
from kubesim.userland.shell import patterns
from kubesim.userland.shell.builtins.table import BUILTINS, SPECIAL
from kubesim.userland.shell.conditions import DoubleBracket, Facts, TestError
from kubesim.userland.shell.dialect import Dialect, ShellSyntaxError
from kubesim.userland.shell.expansion import Expander, ExpansionError
from kubesim.userland.shell.parser import DECLARING, Parser
from kubesim.userland.shell.redirections import Opener, RedirectionError, redirected
from kubesim.userland.shell.signals import ENDINGS, NAMES, FunctionReturn, Killed, LoopJump, ShellExit
from kubesim.userland.shell.state import Job, ReadOnlyError, State, Variable
from kubesim.userland.shell.streams import Capture, Descriptors, Input, Output
from kubesim.userland.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Assignment,
    Body,
    Case,
    Command,
    CommandList,
    Conditional,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Pipeline,
    Simple,
    Subshell,
    While,
    Word,
)

COMMAND_LIMIT = 20_000
"""Commands after which a shell that lets no time pass is taken to loop for ever."""
CALL_LIMIT = 200
"""Functions that may be running inside one another."""
VALUE_LIMIT = 1_000_000
"""Characters of a variable; a loop that doubles one would otherwise fill the memory of the learner's own machine."""
BACKGROUND_LIMIT = 86_400.0
"""Seconds of a command in the background that are looked ahead."""
STREAMING = frozenset({"cat", "tr", "cut", "grep", "sed", "nl", "base64", "od", "xxd", "rev", "fold", "uniq", "tee"})
"""Programs that write while they read: of an endless input they have written something before it ends."""


class Prepared(NamedTuple):
    """A shell that is ready to run, and the text that it is to run."""

    shell: Interpreter
    text: str


class Nested(ABC):
    """A program that is a shell: inside another it shares that one's streams and time."""

    @abstractmethod
    def __call__(self, invocation: Invocation) -> Completed | Running:
        """Run by itself."""

    @abstractmethod
    def prepare(self, invocation: Invocation, descriptors: Descriptors) -> Prepared | Completed:
        """Read its command line; what has ended already where there is nothing to run."""


class Interpreter:
    """One running shell.

    :param script: the name that complaints begin with.
    :param opener: what opens paths that are no files.
    :param from_option: the commands came from ``-c``.
    :param main: it is a container's main process: a server that it starts in the foreground replaces it.
    :param elapsed: seconds by which it begins after the simulation's now.
    :param limit: seconds after which whoever started it stops it.
    """

    def __init__(
        self,
        machine: Machine,
        dialect: Dialect,
        state: State,
        descriptors: Descriptors,
        *,
        script: str = "bash",
        opener: Opener = lambda machine, path: None,
        from_option: bool = True,
        main: bool = False,
        elapsed: float = 0.0,
        limit: float = float("inf"),
    ) -> None:
        self.machine = machine
        self.dialect = dialect
        self.state = state
        self.descriptors = descriptors
        self.script = script
        self.opener = opener
        self.from_option = from_option
        self.main = main
        self.expander = Expander(self)
        self.line = 1
        self.began = self.clock = machine.simulation.now + elapsed
        self.deadline = self.began + limit
        self.leaves = False
        self.commands = 0
        """Commands run so far, those of subshells among them."""
        self.quiet = 0
        """How deep in conditions it is: ``set -e`` looks at none of their commands."""
        self.waited = 0.0
        """Seconds that substitutions took and that have still to pass."""
        self.temporary: list[str] = []
        """Files of process substitutions."""

    # --- time and streams -----------------------------------------------------------------------------------------

    @property
    def moment(self) -> float:
        """The simulated second that this shell has come to."""
        return max(self.clock, self.machine.simulation.now)

    @property
    def offset(self) -> float:
        """Seconds by which this shell is ahead of the simulation's clock."""
        return self.moment - self.machine.simulation.now

    @property
    def elapsed(self) -> float:
        """Seconds since the shell began."""
        return self.moment - self.began

    @property
    def remaining(self) -> float:
        """Seconds until whoever started this shell stops it."""
        return self.deadline - self.moment

    def wait(self, seconds: float) -> Generator[float | Running, None, None]:
        """Let time pass, and show what background jobs wrote meanwhile."""
        self.clock = self.moment + seconds
        if seconds > 0:
            yield seconds
        self.clock = self.moment
        self.show_jobs(self.clock)

    def show_jobs(self, until: float) -> None:
        """Write what jobs have written by a moment."""
        for job in self.state.jobs:
            if job.ends <= until + 1e-9:
                for output, text in job.outputs:
                    output.write(text)
                job.outputs = []

    def write(self, text: str, descriptor: int = 1) -> None:
        """Write to one of the shell's own descriptors."""
        target = self.descriptors.get(descriptor)
        if target is not None and not isinstance(target, Input):
            target.write(text)

    def complain(self, message: str) -> None:
        """A message with the shell's name and line before it."""
        self.write(f"{self.dialect.prefix(self.script, self.line)}{message}\n", 2)

    @property
    def stdin(self) -> Input:
        """What commands read."""
        found = self.descriptors.get(0)
        return found if isinstance(found, Input) else Input()

    # --- texts and whole shells -------------------------------------------------------------------------------------

    def run_text(self, text: str, first_line: int = 1) -> Steps:
        """Run a text, one complete command at a time; a syntax error ends it with status 2."""
        parser = Parser(text, self.dialect, first_line)
        while True:
            try:
                parsed = parser.next()
                for warning in parser.lexer.warnings:
                    self.write(f"{self.script}: {warning}\n", 2)
                parser.lexer.warnings.clear()
            except ShellSyntaxError as error:
                self.write(self.dialect.syntax_error(self.script, error, from_option=self.from_option), 2)
                self.state.status = 2
                return 2
            if parsed is None:
                return self.state.status
            yield from self.command_list(parsed)

    def run_shell(self, text: str) -> Steps:
        """Run a text as the whole shell, to the end of its jobs."""
        status = yield from self._whole(self.run_text(text))
        self.show_jobs(float("inf"))
        return status

    def _whole(self, steps: Steps) -> Steps:
        """Run steps as a whole shell: ``exit``, a signal or the last command ends it, then its EXIT trap runs."""
        try:
            status = yield from steps
        except ShellExit as leaving:
            status = leaving.status
        except (LoopJump, FunctionReturn):
            status = self.state.status
        except Killed as killed:
            return killed.status
        self.state.status = status
        if trap := self.state.traps.pop("EXIT", ""):
            try:
                yield from self.run_text(trap)
            except ShellExit as leaving:
                status = leaving.status
        return status

    def _child(self, descriptors: Descriptors) -> Interpreter:
        """A subshell."""
        made = Interpreter(
            self.machine,
            self.dialect,
            self.state.copy(),
            descriptors,
            script=self.script,
            opener=self.opener,
            from_option=self.from_option,
            elapsed=self.offset,
            limit=self.remaining,
        )
        made.line = self.line
        made.commands = self.commands
        made.quiet = self.quiet
        return made

    def substitute(self, text: str, line: int) -> str:
        """The output of a command substitution; the time it takes is added to the shell's own."""
        capture = Capture()
        child = self._child({**self.descriptors, 1: capture})
        child.line = line
        steps = child.run_shell(text)
        try:
            while True:
                event = next(steps)
                if not isinstance(event, Running):
                    self.waited += event
        except StopIteration as stop:
            self.state.status = stop.value or 0
        self.commands = max(self.commands, child.commands)
        return capture.text

    def process_file(self, text: str, line: int) -> str:
        """The file of a process substitution, which lasts as long as its command."""
        files = self.machine.files
        number = 63 - self.commands % 32
        while files.exists(f"/dev/fd/{number}"):
            number -= 1
        output = self.substitute(text, line)
        files.make_directory("/dev/fd", parents=True)
        files.write(f"/dev/fd/{number}", output)
        self.temporary.append(f"/dev/fd/{number}")
        return f"/dev/fd/{number}"

    # --- lists and pipelines ----------------------------------------------------------------------------------------

    def command_list(self, commands: CommandList) -> Steps:
        """Commands one after the other."""
        for and_or, background, source in commands.items:
            if background:
                self._start_in_background(and_or, source)
            else:
                yield from self._and_or(and_or)
        return self.state.status

    def _and_or(self, commands: AndOr) -> Steps:
        """``&&`` and ``||``; ``set -e`` looks only at the last command."""
        self.quiet += bool(commands.rest)
        status = yield from self._pipeline(commands.first)
        for number, (operator, pipeline) in enumerate(commands.rest):
            last = number == len(commands.rest) - 1
            if (operator == "&&") == (status == 0):
                if last:
                    self.quiet -= 1
                status = yield from self._pipeline(pipeline)
                if last:
                    self.quiet += 1
        self.quiet -= bool(commands.rest)
        return status

    def _pipeline(self, pipeline: Pipeline) -> Steps:
        """One command, or several joined by pipes."""
        began = self.elapsed
        self.quiet += pipeline.negated
        if len(pipeline.commands) == 1:
            status = yield from self._command(pipeline.commands[0])
            statuses = [status]
        else:
            statuses = yield from self._pipe(pipeline)
            status = statuses[-1]
            if "pipefail" in self.state.options:
                status = next((each for each in reversed(statuses) if each), 0)
        self.quiet -= pipeline.negated
        if pipeline.negated:
            status = int(not status)
        self.state.status = status
        if self.dialect.is_bash:
            self.state.variables["PIPESTATUS"] = Variable(elements=tuple(enumerate(map(str, statuses))))
        if pipeline.timed:
            took = self.elapsed - began
            real = f"{int(took // 60)}m{took % 60:.3f}s"
            self.write(f"\nreal\t{real}\nuser\t0m0.001s\nsys\t0m0.001s\n", 2)
        if status and not pipeline.negated and not self.quiet and "errexit" in self.state.options:
            raise ShellExit(status)
        return status

    def _pipe(self, pipeline: Pipeline) -> Generator[float | Running, None, list[int]]:
        """Commands in subshells, each reading what the one before wrote; together as slow as the slowest."""
        source: Input | Output | None = self.descriptors.get(0)
        statuses: list[int] = []
        longest = 0.0
        for number, command in enumerate(pipeline.commands):
            last = number == len(pipeline.commands) - 1
            capture = Capture()
            descriptors = dict(self.descriptors)
            if source is not None:
                descriptors[0] = source
            if not last:
                descriptors[1] = capture
                if pipeline.merges_errors[number]:
                    descriptors[2] = capture
            child = self._child(descriptors)
            child.main = self.main and last
            took = 0.0
            steps = child._whole(child._command(command))
            while True:
                try:
                    event = next(steps)
                except StopIteration as stop:
                    statuses.append(stop.value or 0)
                    break
                except Interrupted:
                    if not capture.full:
                        raise
                    statuses.append(141)  # the reader decides whether it wanted more: SIGPIPE
                    break
                if isinstance(event, Running):
                    yield event
                    continue
                took += event
                if took > longest:
                    ahead = min(event, took - longest)
                    longest = took
                    yield from self.wait(ahead)
            self.commands = max(self.commands, child.commands)
            source = Input(capture.text, cut=capture.full)
        return statuses

    def _start_in_background(self, commands: AndOr, source: str) -> None:
        """Start commands in the background: they run at once, their output and end come when their time is up."""
        captures = {1: Capture(), 2: Capture()}
        child = self._child({0: Input(), **captures})
        child.state.pid = pid = self.machine.new_pid()
        took, status, serving = 0.0, 0, False
        steps = child._whole(child._and_or(commands))
        try:
            while took < BACKGROUND_LIMIT and not serving:
                event = next(steps)
                if isinstance(event, Running):
                    serving = True
                    self._serve(event, pid, source)
                else:
                    took += event
        except StopIteration as stop:
            status = stop.value or 0
        except Interrupted:
            status = 130
        outputs: list[tuple[Output, str]] = []
        for number, capture in captures.items():
            target = self.descriptors.get(number)
            if target is not None and not isinstance(target, Input) and capture.text:
                outputs.append((target, capture.text))
        self.state.last_background = pid
        ends = float("inf") if serving else self.moment + took
        number = max((job.number for job in self.state.jobs), default=0) + 1
        self.state.jobs.append(Job(number, pid, source, ends, status, outputs))
        self.state.status = 0
        if took == 0:
            self.show_jobs(ends)

    def _serve(self, server: Running, pid: int, source: str) -> None:
        """Keep a server that was started beside the shell: it listens until it is killed."""
        machine = self.machine
        opened: list[tuple[str, int]] = []
        for (protocol, port), listener in server.listeners.items():
            try:
                machine.listen(protocol, port, listener)
                opened.append((protocol, port))
            except OSError as error:
                self.write(f"{source.split()[0]}: {error}\n", 2)
        machine.processes.append(Process(pid, source))

        def stop(name: str) -> bool:
            if name in ("CONT", "CHLD", "WINCH"):
                return False
            for protocol, port in opened:
                machine.stop_listening(protocol, port)
            return True

        machine.on_signal(pid, stop)

    # --- commands ---------------------------------------------------------------------------------------------------

    def _command(self, command: Command) -> Steps:
        """One command; its failures to expand or to redirect are its status."""
        self.commands += 1
        if self.commands > COMMAND_LIMIT:
            raise Interrupted
        self.line = command.line
        outer = self.descriptors
        try:
            if isinstance(command, Simple):
                status = yield from self._simple(command)
            else:
                self.descriptors = redirected(self, command.redirects)
                try:
                    status = yield from self._compound(command.body)
                finally:
                    self.descriptors = outer
        except RedirectionError as error:
            yield from self.wait(error.opened.seconds)
            if error.opened.counts:
                self.complain(error.opened.before)
            elif error.opened.before:
                self.write(f"{self.script}: {error.opened.before}\n", 2)
            self.complain(str(error))
            status = 2 if self.dialect.name == "dash" else 1
        except ExpansionError as error:
            self.complain(error.message)
            raise ShellExit(error.status) from error
        except ReadOnlyError as error:
            self.complain(f"{error.name}: readonly variable" if self.dialect.is_bash else f"{error.name}: is read only")
            raise ShellExit(1 if self.dialect.is_bash else 2) from error
        self.state.status = status
        return status

    # --- compound commands ------------------------------------------------------------------------------------------

    def _compound(self, body: Body) -> Steps:
        match body:
            case Group():
                return (yield from self.command_list(body.body))
            case Subshell():
                return (yield from self._subshell(body.body))
            case If():
                return (yield from self._if(body))
            case While():
                return (yield from self._while(body))
            case For():
                return (yield from self._for(body))
            case ForArithmetic():
                return (yield from self._for_arithmetic(body))
            case Case():
                return (yield from self._case(body))
            case Function():
                self.state.functions[body.name] = body.body
                return 0
            case Conditional():
                return self._double_bracket(body.words)
            case ArithmeticCommand():
                return int(self.expander.expression(body.expression) == 0)

    def _subshell(self, commands: CommandList) -> Steps:
        child = self._child(dict(self.descriptors))
        steps = child._whole(child.command_list(commands))
        while True:
            try:
                event = next(steps)
            except StopIteration as stop:
                self.commands = child.commands
                return stop.value or 0
            if isinstance(event, Running):
                yield event
            else:
                yield from self.wait(event)

    def _quietly(self, commands: CommandList) -> Steps:
        """A condition: ``set -e`` does not look at it."""
        self.quiet += 1
        try:
            return (yield from self.command_list(commands))
        finally:
            self.quiet -= 1

    def _if(self, body: If) -> Steps:
        for condition, then in body.branches:
            if (yield from self._quietly(condition)) == 0:
                return (yield from self.command_list(then))
        if body.otherwise is not None:
            return (yield from self.command_list(body.otherwise))
        return 0

    def _round(self, steps: Steps) -> Generator[float | Running, None, tuple[int, bool]]:
        """A part of a loop's round: its status, and whether ``break`` ends the loop."""
        self.state.loops += 1
        try:
            return (yield from steps), False
        except LoopJump as jump:
            if jump.levels > 1 and self.state.loops > 1:
                raise LoopJump(jump.levels - 1, again=jump.again) from jump
            return 0, not jump.again
        finally:
            self.state.loops -= 1

    def _while(self, body: While) -> Steps:
        status = 0
        while True:
            condition, left = yield from self._round(self._quietly(body.condition))
            if left or (condition == 0) == body.until:
                return status
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return 0

    def _for(self, body: For) -> Steps:
        words = list(self.state.positional) if body.words is None else self.expander.fields(body.words)
        status = 0
        for word in words:
            self.state.set(body.name, word)
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return 0
        return status

    def _for_arithmetic(self, body: ForArithmetic) -> Steps:
        status = 0
        self.expander.expression(body.start)
        while not body.condition.strip() or self.expander.expression(body.condition):
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return 0
            self.expander.expression(body.step)
        return status

    def _case(self, body: Case) -> Steps:
        subject = self.expander.text(body.subject)
        status = 0
        falls = False
        for alternatives, commands, ending in body.branches:
            if not falls and not any(patterns.matches(self.expander.pattern(each), subject) for each in alternatives):
                continue
            if commands.items:
                status = yield from self.command_list(commands)
            falls = ending == ";&"
            if ending == ";;":
                return status
        return status

    def _double_bracket(self, words: Sequence[Word]) -> int:
        condition = DoubleBracket(words, self.expander, Facts.of(self))
        try:
            status = int(not condition.whole())
        except TestError as error:
            self.complain(f"[[: {error.message}")
            status = 2
        if condition.groups is not None:
            self.state.set_array("BASH_REMATCH", dict(enumerate(condition.groups)))
        return status

    # --- simple commands --------------------------------------------------------------------------------------------

    def _simple(self, command: Simple) -> Steps:
        """A simple command: assignments alone, a function, a builtin or a program."""
        self.temporary = []
        words = self.expander.fields(command.words)
        if words and words[0] in self.state.aliases and command.words[0].bare == words[0]:
            words = self.state.aliases[words[0]].split() + words[1:]
        yield from self._catch_up()
        if not words or words[0] in DECLARING:
            return (yield from self._assign_all(command, words))
        prefix = [(each.name, self._value_of(each)) for each in command.assignments]
        self._trace([f"{name}={quoted(value)}" for name, value in prefix], words)
        outer = self.descriptors
        self.descriptors = redirected(self, command.redirects)
        if words == ["exec"]:  # it alone keeps its redirections
            return 0
        try:
            return (yield from self._run_words(words, prefix))
        finally:
            self.descriptors = outer
            for path in self.temporary:
                if self.machine.files.exists(path):
                    self.machine.files.remove(path)

    def _catch_up(self) -> Generator[float | Running, None, None]:
        """Let the time of command substitutions pass."""
        waited, self.waited = self.waited, 0.0
        yield from self.wait(waited)

    def _run_words(self, words: list[str], prefix: list[tuple[str, str]]) -> Steps:
        """Run a function, a builtin or a program.

        :param prefix: the assignments in front of it.
        """
        name = words[0]
        if name in self.state.functions and "/" not in name:
            with self.state.assigned(prefix):
                return (yield from self._call(words))
        builtin = BUILTINS[self.dialect.name].get(name)
        if builtin is None:
            return (yield from self.run_program(words, dict(prefix)))
        result = builtin(self, words)
        if isinstance(result, int):
            return result
        with self.state.assigned([] if name in SPECIAL else prefix):
            return (yield from result)

    def _call(self, words: list[str]) -> Steps:
        if self.state.functions_running > CALL_LIMIT:
            raise Interrupted
        with self.state.called(words[1:]):
            try:
                return (yield from self._command(self.state.functions[words[0]]))
            except FunctionReturn as leaving:
                return leaving.status

    def _assign_all(self, command: Simple, words: list[str]) -> Steps:
        """Assignments alone, or as arguments of ``declare`` and its like."""
        self.state.status = 0
        for assignment in command.assignments:
            if words and words[0] == "local":
                self.state.remember_local(assignment.name)
            self._assign(assignment)
        yield from self._catch_up()
        status = self.state.status
        if command.redirects:
            redirected(self, command.redirects)
        if words:
            self._trace([], words)
            result = BUILTINS[self.dialect.name][words[0]](self, words)
            return result if isinstance(result, int) else (yield from result)
        return status

    def _value_of(self, assignment: Assignment) -> str:
        if isinstance(assignment.value, tuple):
            return " ".join(self.expander.fields(assignment.value))
        value = self.expander.text(assignment.value)
        return (self.state.get(assignment.name) or "") + value if assignment.append else value

    def _assign(self, assignment: Assignment) -> None:
        state, name = self.state, assignment.name
        if isinstance(assignment.value, tuple):
            items = self.expander.fields(assignment.value)
            elements = state.elements(name) if assignment.append else {}
            start = max(elements, default=-1) + 1
            state.set_array(name, elements | {start + number: item for number, item in enumerate(items)})
            self._trace([f"{name}=({' '.join(map(quoted, items))})"], [])
            return
        value = self.expander.text(assignment.value)
        if len(value) > VALUE_LIMIT:
            raise Interrupted
        if assignment.index is not None:
            elements = state.elements(name)
            index = self.expander.arithmetic(self.expander.text(assignment.index))
            elements[index] = elements.get(index, "") + value if assignment.append else value
            state.set_array(name, elements)
        else:
            state.set(name, (state.get(name) or "") + value if assignment.append else value)
        self._trace([f"{name}={quoted(value)}"], [])

    def _trace(self, assignments: Sequence[str], words: Sequence[str]) -> None:
        """``set -x``: assignments before a command each on a line of their own."""
        if "xtrace" not in self.state.options:
            return
        mark = self.state.get("PS4") or "+ "
        lines = [*assignments, " ".join(map(quoted, words))] if words else [" ".join(assignments)]
        for line in lines:
            if line:
                self.write(f"{mark}{line}\n", 2)

    # --- programs ---------------------------------------------------------------------------------------------------

    def run_program(self, words: list[str], extra: dict[str, str], *, replaces: bool = False) -> Steps:
        """Run a program of the machine: found on PATH, given its streams, waited for.

        :param extra: environment variables besides the shell's.
        :param replaces: whether it takes the shell's place (``exec``).
        """
        name = words[0]
        try:
            program = self.machine.find(name, self.state.directory)
        except ExecutableNotFoundError as error:
            return self._not_found(name, error)
        environment = {**self.state.environment(), **extra, "_": name if "/" in name else self.machine.path_of(name)}
        environment["PWD"] = self.state.directory
        source = self.stdin
        taken: list[str] = []

        def stdin() -> str:
            if not taken:
                taken.append(source.drain())
            return taken[0]

        out = self.descriptors.get(1)
        invocation = Start(
            tuple(words),
            self.machine,
            stdin,
            environment,
            self.state.directory,
            main=self.main and replaces,
            terminal=isinstance(out, Capture) and out.terminal,
            elapsed=self.offset,
            limit=self.remaining,
        )
        if isinstance(program, Nested):
            return (yield from self._nested(program, invocation))
        result = program(invocation)
        if isinstance(result, Running):
            return (yield from self._foreground(result))
        self.write(result.stdout)
        self.write(result.stderr, 2)
        if source.cut and taken and not result.satisfied:
            if isinstance(out, Capture) and not out.terminal and name in STREAMING:
                out.full = True
            raise Interrupted
        yield from self.wait(result.seconds)
        return result.returncode

    def _nested(self, program: Nested, invocation: Invocation) -> Steps:
        """A shell inside this one."""
        prepared = program.prepare(invocation, dict(self.descriptors))
        if isinstance(prepared, Completed):
            self.write(prepared.stdout)
            self.write(prepared.stderr, 2)
            return prepared.returncode
        inner = prepared.shell
        inner.main = self.main
        inner.commands = self.commands
        status = yield from inner.run_shell(prepared.text)
        self.clock = max(self.clock, inner.clock)
        self.commands = inner.commands
        if status > 128 and self.dialect.is_bash and inner.state.status != status:
            signal = NAMES.get(status - 128, "")
            if signal == "KILL":
                shown = " ".join(quoted(word) for word in invocation.argv)
                start = f"{self.script}: line {self.line}: {inner.state.pid:5d}"
                self.write(f"{start} {ENDINGS[signal]:<23} {shown}\n", 2)
            elif signal in ENDINGS:
                self.write(f"{ENDINGS[signal]}\n", 2)
        return status

    def _foreground(self, server: Running) -> Steps:
        """A server in the foreground: it becomes the container, or it is waited for until Ctrl-C."""
        for line in server.log:
            self.write(f"{line}\n", 2)
        if self.main:
            server.log.clear()
            yield server
            return server.exit_code
        return 0

    def _not_found(self, name: str, error: ExecutableNotFoundError) -> int:
        if error.reason == "permission denied":
            files = self.machine.files
            directory = files.is_directory(name if name.startswith("/") else f"{self.state.directory}/{name}")
            self.complain(f"{name}: {'Is a directory' if directory and self.dialect.is_bash else 'Permission denied'}")
            return 126
        if "/" in name and self.dialect.is_bash:
            self.complain(f"{name}: No such file or directory")
        else:
            self.complain(self.dialect.not_found(name))
        return 127
