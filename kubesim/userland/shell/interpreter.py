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

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kubesim.turn import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError, Invocation, Machine, Process
from kubesim.userland.printing import quoted
from kubesim.userland.process import INTERRUPTED, PROGRAM_SECONDS, Completed, Listener, Running, Start, Steps
from kubesim.userland.shell import patterns
from kubesim.userland.shell.builtins.table import BUILTINS, SPECIAL
from kubesim.userland.shell.conditions import DoubleBracket, Facts, TestError
from kubesim.userland.shell.dialect import Dialect, ShellSyntaxError
from kubesim.userland.shell.expansion import Expander, ExpansionError
from kubesim.userland.shell.lexer import Lexer
from kubesim.userland.shell.parser import DECLARING, Parser
from kubesim.userland.shell.redirections import Opener, RedirectionError, redirected
from kubesim.userland.shell.signals import (
    ENDINGS,
    HARMLESS,
    NAMES,
    Discard,
    FunctionReturn,
    Killed,
    LoopJump,
    ShellExit,
)
from kubesim.userland.shell.state import Definition, Elements, Job, ReadOnlyError, State, SubscriptError, Variable
from kubesim.userland.shell.streams import PIPE, Capture, Descriptors, Input, Keyboard, Output
from kubesim.userland.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Assignment,
    Body,
    Case,
    Command,
    CommandList,
    Condition,
    Conditional,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Pipeline,
    Select,
    Simple,
    Subshell,
    While,
    Word,
)

ROUND = 0.1
"""Seconds that a round takes of a loop whose programs did nothing but start, unless it goes through an input: who asks
again and again sees the world go on."""
COMMAND_LIMIT = 20_000
"""Commands after which a shell that lets no time pass is taken to loop for ever."""
CALL_LIMIT = 200
"""Functions that may be running inside one another."""
VALUE_LIMIT = 1_000_000
"""Characters of a variable; a loop that doubles one would otherwise fill the memory of the learner's own machine."""
AWAITED_SECONDS = 60.0
"""How often what a server in the foreground writes is looked at."""
BACKGROUND_LIMIT = 86_400.0
"""Seconds after which a command in the background is given up."""
_SAME = 1e-9
"""Seconds that are no difference."""
STREAMING = frozenset({"cat", "tr", "cut", "grep", "sed", "nl", "base64", "od", "xxd", "rev", "fold", "uniq", "tee"})
"""Programs that write while they read: of an endless input they have written something before it ends."""


class Prepared(NamedTuple):
    """A shell that is ready to run, and the text that it is to run.

    :param reads: whether it was started for reading its commands from its standard input.
    """

    shell: Interpreter
    text: str
    reads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached(Running):
    """A shell in the foreground whose commands a person types; the shell around it waits until it is left.

    :param farewell: what whoever started it says on standard error when it has been left with a status.
    :param left: with what it was left, once it has been; put there by whoever lets the person type.
    """

    listeners: Mapping[tuple[str, int], Listener] = field(default_factory=dict)
    shell: Interpreter
    farewell: Callable[[int], str] = lambda status: ""
    left: list[int] = field(default_factory=list)


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
    :param in_background: it was started with ``&``, or by what was: a server that it runs goes on beside the shell,
        and nobody waits for what it does.
    :param parent: the shell that it is a subshell of.
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
        in_background: bool = False,
        parent: Interpreter | None = None,
    ) -> None:
        self.machine = machine
        self.dialect = dialect
        self.state = state
        self.descriptors = descriptors
        self.script = script
        self.opener = opener
        self.from_option = from_option
        self.main = main
        self.in_background = in_background
        self.parent = parent
        self.expander = Expander(self)
        state.calculate = self.expander.arithmetic
        self.compound: list[Assignment] = []
        self.pending: list[str] = []
        """Signals whose traps are to run when the command is over."""
        self.trapping = False
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
        self.level = 0
        """How deep it is in command substitutions."""
        self.substituted = 0
        """The status of the last command substitution."""
        self.temporary: list[str] = []
        """Files of process substitutions."""
        self.fed: list[tuple[str, str]] = []
        """Files of ``>(…)`` and the commands that read them."""

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
        ends = self.moment + seconds
        while (due := self.next_due()) < ends - _SAME:  # a job's turn comes first
            yield from self._pass(due - self.moment)
        yield from self._pass(ends - self.moment)

    def _pass(self, seconds: float) -> Generator[float | Running, None, None]:
        self.clock = self.moment + max(0.0, seconds)
        if seconds > 0:
            yield seconds
        self.clock = self.moment
        self.show_jobs(self.clock)

    def next_due(self) -> float:
        """When the next of the background jobs goes on; infinite where none does."""
        return min((job.due for job in self.state.jobs), default=math.inf)

    def show_jobs(self, until: float) -> None:
        """Let background jobs go on up to a moment, the earliest first, and show what they have written by then."""
        self.show_servers()
        while (job := min(self.state.jobs, key=lambda job: job.due, default=None)) and job.due <= until + _SAME:
            if job.steps is None:
                return
            self._go_on(job, job.steps)

    def _go_on(self, job: Job, steps: Steps) -> None:
        """Let a job take its next step, and show what it has written then."""
        job.steps, job.due = None, math.inf  # it has ended, unless it says how long its step takes
        try:
            event = next(steps)
        except StopIteration as stop:
            job.ends, job.status = job.moment(), stop.value or 0
        except Interrupted:
            job.ends, job.status = job.moment(), INTERRUPTED
        else:
            if isinstance(event, Running):
                self._serve(event, job.pid, job.source)
                job.log = event.log
            elif job.moment() < job.latest:
                job.steps, job.due = steps, job.moment()
            else:
                job.ends = job.moment()
        for capture, output in job.outputs:
            output.write(capture.take())

    def show_servers(self) -> None:
        """Write what servers in the background have written since."""
        for job in self.state.jobs:
            if job.screen is not None and len(job.log) > job.told:
                told, job.told = job.told, len(job.log)
                job.screen.write("".join(f"{line}\n" for line in job.log[told:]))

    def write(self, text: str, descriptor: int = 1) -> None:
        """Write to one of the shell's own descriptors."""
        target = self.descriptors.get(descriptor)
        if target is not None and not isinstance(target, Input):
            target.write(text)

    def complain(self, message: str) -> None:
        """A message with the shell's name and line before it."""
        self.write(f"{self.dialect.prefix(self.script, self.line)}{message}\n", 2)

    def fail(self, command: str, message: str, status: int, *, special: bool = False) -> int:
        """A builtin's complaint, and its status; dash and ash end where the builtin is a special one."""
        place = "line 0: " if self.dialect.name == "ash" and self.from_option else ""
        self.complain(f"{command}: {place}{message}")
        if special and not self.dialect.is_bash:
            raise ShellExit(status)
        return status

    def cannot_write(self, command: str) -> bool:
        """Whether standard output is closed, which has been told then."""
        if isinstance(self.descriptors.get(1), Output) and not isinstance(self.descriptors.get(1), Input):
            return False
        reason = "write error: Bad file descriptor"
        if self.dialect.is_bash:
            self.complain(f"{command}: {reason}")
        elif self.dialect.name == "dash":
            self.complain(f"{command}: {command}: I/O error")
        elif command == "echo":
            self.complain(reason)
        return True

    def receive(self, signal: str) -> None:
        """A signal for the shell itself: its trap runs when the command is over.

        :raises Killed: where it has none.
        """
        main = self
        while main.parent is not None:
            main = main.parent
        action = main.state.traps.get(signal)
        if action is None and signal not in HARMLESS:
            raise Killed(signal)
        if action:
            main.pending.append(signal)

    def calculated(self, text: str, command: str) -> int | None:
        """The value of an expression; None where it is malformed, which has been told then."""
        try:
            return self.expander.arithmetic(text, command=command)
        except ExpansionError as error:
            if error.fatal:
                raise
            self.complain(error.message)
            return None

    @property
    def stdin(self) -> Input:
        """What commands read."""
        found = self.descriptors.get(0)
        return found if isinstance(found, Input) else Input()

    # --- texts and whole shells -------------------------------------------------------------------------------------

    def run_text(self, text: str, first_line: int = 1, *, within: str = "") -> Steps:
        """Run a text, one complete command at a time; a syntax error ends it with status 2.

        :param within: ``eval`` or a file's name, which syntax errors tell.
        """
        parser = Parser(text, self.dialect, first_line, self.aliases)
        while True:
            try:
                parsed = parser.next()
                for warning in parser.lexer.warnings:
                    self.write(f"{self.script}: {warning}\n", 2)
                parser.lexer.warnings.clear()
            except ShellSyntaxError as error:
                return self._refused(error, within)
            if parsed is None:
                return self.state.status
            if "noexec" in self.state.options:
                continue
            try:
                yield from self.command_list(parsed)
            except Discard as giving_up:
                self.state.status = giving_up.status
                if self.parent is not None:
                    return giving_up.status
            except ShellSyntaxError as error:  # found while expanding: a subscript, an expression
                return self._refused(error, within)

    def _refused(self, error: ShellSyntaxError, within: str) -> int:
        """Tell a syntax error, which ends the text; the status."""
        told = self.dialect.syntax_error(self.script, error, from_option=self.from_option, within=within)
        self.write(told, 2)
        self.state.status = error.status
        if within == "eval" and not self.dialect.is_bash:
            raise ShellExit(2) from error
        return error.status

    def aliases(self) -> Mapping[str, str]:
        """The aliases that commands are looked up among: bash has them only where a person types, unless told."""
        if self.dialect.is_bash and not self.dialect.interactive and "expand_aliases" not in self.state.switches:
            return {}
        return self.state.aliases

    def run_shell(self, text: str) -> Steps:
        """Run a text as the whole shell, to the end of its jobs."""
        return (yield from self._whole(self.run_text(text)))

    def _whole(self, steps: Steps) -> Steps:
        """Run steps as a whole shell: ``exit``, a signal or the last command ends it, then its EXIT trap runs."""
        try:
            status = yield from steps
        except ShellExit as leaving:
            status = leaving.status
        except Discard as giving_up:
            status = giving_up.status
        except (LoopJump, FunctionReturn):
            status = self.state.status
        except Killed as killed:
            if self.parent is not None:
                raise
            status = killed.status
            if not self.dialect.is_bash or killed.signal == "KILL":
                return status
        self.state.status = status
        if trap := self.state.traps.pop("EXIT", ""):
            try:
                yield from self.run_text(trap)
            except ShellExit as leaving:
                status = leaving.status
            except (Discard, LoopJump, FunctionReturn, Killed):
                pass
        self.show_jobs(math.inf)  # what it started goes on without it: all of it is told now
        return status

    def _trapped(self, event: str) -> Generator[float | Running, None, None]:
        """Run what ``trap`` set for an event, where it did; the status stays as it was."""
        action = self.state.traps.get(event)
        if not action or self.trapping:
            return
        status, self.trapping = self.state.status, event in ("ERR", "DEBUG", "RETURN")
        try:
            yield from self.run_text(action)
        finally:
            self.trapping = False
        self.state.status = status

    def _signalled(self) -> Generator[float | Running, None, None]:
        """Run the traps of the signals that have come."""
        while self.pending:
            yield from self._trapped(self.pending.pop(0))

    def _child(self, descriptors: Descriptors, after: float = 0.0) -> Interpreter:
        """A subshell.

        :param after: seconds from this shell's moment until it begins.
        """
        made = Interpreter(
            self.machine,
            self.dialect,
            self.state.copy(),
            descriptors,
            script=self.script,
            opener=self.opener,
            from_option=self.from_option,
            elapsed=self.offset + after,
            limit=self.remaining - after,
            in_background=self.in_background,
            parent=self,
        )
        made.line = self.line
        made.level = self.level
        made.commands = self.commands
        made.quiet = self.quiet
        return made

    def substitute(self, text: str, line: int) -> str:
        """The output of a command substitution; the time it takes is added to the shell's own."""
        return self._output_of(text, line).replace("\0", "")

    def _output_of(self, text: str, line: int) -> str:
        only = re.fullmatch(r"\s*<\s*([^\s;&|<>()]+)\s*", text) if self.dialect.is_bash else None
        if only:
            text = f"cat <{only[1]}"
        capture = Capture()
        child = self._child({**self.descriptors, 1: capture}, after=self.waited)
        child.level = self.level + 1
        child.line = line
        steps = child.run_shell(text)
        try:
            while True:
                next(steps)
        except StopIteration as stop:
            self.substituted = stop.value or 0
            if self.dialect.is_bash:
                self.state.status = self.substituted
        self.waited = max(0.0, child.moment - self.moment)
        self.commands = max(self.commands, child.commands)
        return capture.text

    def process_file(self, text: str, line: int, *, reads: bool = False) -> str:
        """The file of a process substitution, which lasts as long as its command.

        :param reads: whether the commands read it (``>(…)``): they run when what writes it is over.
        """
        files = self.machine.files
        number = 63 - self.commands % 32
        while files.exists(f"/dev/fd/{number}"):
            number -= 1
        output = "" if reads else self._output_of(text, line)
        files.make_directory("/dev/fd", parents=True)
        files.write(f"/dev/fd/{number}", output)
        self.temporary.append(f"/dev/fd/{number}")
        if reads:
            self.fed.append((f"/dev/fd/{number}", text))
        return f"/dev/fd/{number}"

    # --- lists and pipelines ----------------------------------------------------------------------------------------

    def command_list(self, commands: CommandList) -> Steps:
        """Commands one after the other."""
        for and_or, background, source in commands.items:
            if "noexec" in self.state.options and not self.dialect.interactive:
                break
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
            self.state.variables["PIPESTATUS"] = Variable(elements=dict(enumerate(map(str, statuses))))
        if pipeline.timed:
            self._show_time(self.elapsed - began)
        if status and not pipeline.negated and not self.quiet:
            yield from self._trapped("ERR")
            if "errexit" in self.state.options:
                raise ShellExit(status)
        return status

    def _show_time(self, took: float) -> None:
        """What ``time`` prints, as ``TIMEFORMAT`` has it; computing takes no simulated time."""
        form = self.state.get("TIMEFORMAT")
        if form == "":
            return

        def one(match: re.Match[str]) -> str:
            if match[3] in ("%", "P"):
                return "%" if match[3] == "%" else "0.00"
            seconds = took if match[3] == "R" else 0.0
            places = min(int(match[1] or 3), 3)
            if not match[2]:
                return f"{seconds:.{places}f}"
            return f"{int(seconds // 60)}m{seconds % 60:.{places}f}s"

        usual = "\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS"
        self.write(re.sub(r"%(\d?)(l?)([RUSP%])", one, usual if form is None else form) + "\n", 2)

    def _pipe(self, pipeline: Pipeline) -> Generator[float | Running, None, list[int]]:
        """Commands in subshells, each reading what the one before wrote; together as slow as the slowest.

        A command that wrote more than its reader took and a pipe holds ends by SIGPIPE.
        """
        source: Input | Output | None = self.descriptors.get(0)
        statuses: list[int] = []
        began = self.moment
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
                ahead = began + child.elapsed - self.moment
                if ahead > 0:
                    yield from self.wait(ahead)
            self.commands = max(self.commands, child.commands)
            if number and isinstance(source, Input) and len(source.text) - source.taken > PIPE:
                statuses[number - 1] = 141
            source = Input(capture.text, cut=capture.full)
        return statuses

    def _start_in_background(self, commands: AndOr, source: str) -> None:
        """Start commands in the background: they begin at once, and go on while time passes for this shell."""
        captures = {1: Capture(), 2: Capture()}
        child = self._child({0: Input(), **captures})
        child.state.pid = pid = self.machine.new_pid()
        child.in_background = True
        outputs: list[tuple[Capture, Output]] = []
        for number, capture in captures.items():
            target = self.descriptors.get(number)
            if target is not None and not isinstance(target, Input):
                outputs.append((capture, target))
        self.state.last_background = pid
        number = max((job.number for job in self.state.jobs), default=0) + 1
        steps, now = child._whole(child._and_or(commands)), self.moment
        job = Job(number, pid, source, outputs, steps, lambda: child.moment, now, now + BACKGROUND_LIMIT)
        job.screen = next((target for capture, target in outputs if capture is captures[1]), None)
        self.state.jobs.append(job)
        self.state.status = 0
        self.show_jobs(now)

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
            server.ended()
            return True

        machine.on_signal(pid, stop)

    # --- commands ---------------------------------------------------------------------------------------------------

    def _command(self, command: Command) -> Steps:
        """One command; its failures to expand or to redirect are its status."""
        self.commands += 1
        if self.commands > COMMAND_LIMIT:
            raise Interrupted
        self.machine.simulation.gate.turn.work()
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
            if error.fatal:
                raise ShellExit(error.status) from error
            raise Discard(1) from error
        except ReadOnlyError as error:
            self.complain(f"{error.name}: readonly variable" if self.dialect.is_bash else f"{error.name}: is read only")
            if self.dialect.is_bash:
                raise Discard(1) from error
            raise ShellExit(2) from error
        except SubscriptError as error:
            self.complain(f"{error.name}: bad array subscript")
            raise Discard(1) from error
        self.state.status = status
        if self.waited:  # a substitution's in what is no word of a command
            yield from self._catch_up()
        if self.pending:
            yield from self._signalled()
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
            case Select():
                return (yield from self._select(body))
            case ForArithmetic():
                return (yield from self._for_arithmetic(body))
            case Case():
                return (yield from self._case(body))
            case Function():
                source = "environment" if self.from_option and self.script == self.state.name else self.script
                self.state.functions[body.name] = Definition(body.body, source)
                return 0
            case Conditional():
                return self._double_bracket(body.condition)
            case ArithmeticCommand():
                value = self._calculation(body.expression)
                return int(not value)

    def _calculation(self, text: str) -> int | None:
        """The value of ``((…))``; None where it is malformed, which has been told then."""
        filled = self.expander.text(Lexer(text, self.dialect).expandable('$`"\\'))
        self._trace_line(f"(( {filled.strip()} ))")
        return self.calculated(filled, "((: ")

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
            started, moment, read = self.machine.started, self.moment, self.stdin.position
            condition, left = yield from self._round(self._quietly(body.condition))
            if left or (condition == 0) == body.until:
                return status
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return 0
            starts = self.machine.started - started
            if starts and self.moment - moment < starts * PROGRAM_SECONDS * 1.5 and self.stdin.position == read:
                yield from self.wait(ROUND)

    def _for(self, body: For) -> Steps:
        if not re.fullmatch(r"[A-Za-z_]\w*", body.name):
            self.complain(f"`{body.name}': not a valid identifier")
            return 1
        words = list(self.state.positional) if body.words is None else self.expander.fields(body.words)
        status = 0
        for word in words:
            self._trace_line(f"for {body.name} in {self._sources(body.words)}")
            self.state.set(body.name, word)
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return 0
        return status

    def _for_arithmetic(self, body: ForArithmetic) -> Steps:
        status = 0
        if body.start.strip() and self._calculation(body.start) is None:
            return 1
        while True:
            if body.condition.strip():
                value = self._calculation(body.condition)
                if not value:
                    return 1 if value is None else status
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return 0
            if body.step.strip() and self._calculation(body.step) is None:
                return 1

    def _select(self, body: Select) -> Steps:
        """A menu that is shown until its loop is left or the input ends."""
        words = list(self.state.positional) if body.words is None else self.expander.fields(body.words)
        if not words:
            return 0
        menu = "".join(f"{number}) {word}\n" for number, word in enumerate(words, 1))
        shows = True
        status = 0
        while True:
            if shows:
                self.write(menu, 2)
            self.write(self.state.get("PS3") or "#? ", 2)
            line = self.stdin.read_line()
            if line is None:
                self.write("\n")
                return 1
            answer = line.strip()
            shows = not answer
            if not answer:
                continue
            self.state.set("REPLY", answer)
            chosen = answer.isdecimal() and 0 < int(answer[:9]) <= len(words)
            self.state.set(body.name, words[int(answer[:9]) - 1] if chosen else "")
            status, left = yield from self._round(self.command_list(body.body))
            if left:
                return status

    def _sources(self, words: Sequence[Word] | None) -> str:
        return '"$@"' if words is None else " ".join(word.source for word in words)

    def _case(self, body: Case) -> Steps:
        self._trace_line(f"case {body.subject.source} in")
        subject = self.expander.text(body.subject)
        fold = "nocasematch" in self.state.switches
        status = 0
        falls = False
        for alternatives, commands, ending in body.branches:
            if not falls and not any(
                patterns.matches(self.expander.pattern(each), subject, fold=fold) for each in alternatives
            ):
                continue
            if commands.items:
                status = yield from self.command_list(commands)
            falls = ending == ";&"
            if ending == ";;":
                return status
        return status

    def _double_bracket(self, condition: Condition) -> int:
        bracket = DoubleBracket(self.expander, Facts.of(self), lambda text: self._trace_line(f"[[ {text} ]]"))
        try:
            status = int(not bracket.holds(condition))
        except TestError as error:
            if error.message:
                self.complain(f"[[: {error.message}")
            status = 2
        except ExpansionError as error:
            if error.fatal or not error.message.startswith("[[: "):
                raise
            self.complain(error.message)
            status = 1
        if bracket.groups is not None:
            self.state.set_array("BASH_REMATCH", dict(enumerate(bracket.groups)))
        return status

    # --- simple commands --------------------------------------------------------------------------------------------

    def _simple(self, command: Simple) -> Steps:
        """A simple command: assignments alone, a function, a builtin or a program."""
        self.temporary, self.fed = [], []
        self.substituted = 0
        yield from self._trapped("DEBUG")
        words = self._words(command)
        yield from self._catch_up()
        if not words or words[0] in DECLARING:
            return (yield from self._assign_all(command, words))
        prefix = [(each.name, self._value_of(each)) for each in command.assignments]
        self._trace([f"{name}={quoted(value, self.dialect.name)}" for name, value in prefix], words)
        outer = self.descriptors
        self.descriptors = redirected(self, command.redirects)
        if words[:1] == ["exec"] and words[1:] in ([], ["--"]):  # it alone keeps its redirections
            return 0
        try:
            return (yield from self._run_words(words, prefix))
        finally:
            self.descriptors = outer
            self.state.last_argument = words[-1]
            for path, text in self.fed:
                self._feed(path, text)
            for path in self.temporary:
                if self.machine.files.exists(path):
                    self.machine.files.remove(path)

    def _feed(self, path: str, text: str) -> None:
        """Run the commands of ``>(…)`` on what was written for them."""
        files = self.machine.files
        child = self._child({**self.descriptors, 0: Input(files.read(path) if files.is_file(path) else "")})
        for _ in child.run_shell(text):
            pass

    def _words(self, command: Simple) -> list[str]:
        """A command's words; those of ``export`` and its like that are assignments stay whole."""
        words = self.expander.fields(command.words[:1])
        if not words or words[0] not in DECLARING:
            return words + self.expander.fields(command.words[1:])
        for word in command.words[1:]:
            if re.match(r"[A-Za-z_]\w*(\[[^\]]*\])?\+?=", word.source):
                words.append(self.expander.text(word, assigned=True))
            else:
                words += self.expander.fields([word])
        return words

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
        if name in SPECIAL and not self.dialect.is_bash:
            for variable, value in prefix:
                self.state.set(variable, value)
            prefix = []
        with self.state.assigned(prefix):
            result = builtin(self, words)
            return result if isinstance(result, int) else (yield from result)

    def _call(self, words: list[str]) -> Steps:
        if len(self.state.calls) > CALL_LIMIT:
            raise Interrupted
        definition = self.state.functions[words[0]]
        script, line = self.script, self.line
        quiet = {} if "functrace" in self.state.options else {"DEBUG": "", "RETURN": ""}
        if "errtrace" not in self.state.options:
            quiet["ERR"] = ""
        hidden = {event: self.state.traps.pop(event) for event in quiet if event in self.state.traps}
        if self.dialect.is_bash and not self.dialect.interactive:
            self.script = definition.source
        with self.state.called(words[0], words[1:]):
            try:
                status = yield from self._command(definition.body)
            except FunctionReturn as leaving:
                status = leaving.status
            finally:
                self.script, self.line = script, line
                self.state.traps |= {event: text for event, text in hidden.items() if event not in self.state.traps}
        self.state.status = status
        if "RETURN" in hidden and "functrace" in self.state.options:
            yield from self._trapped("RETURN")
        return status

    def _assign_all(self, command: Simple, words: list[str]) -> Steps:
        """Assignments alone, or as arguments of ``declare`` and its like."""
        if not words:
            for assignment in command.assignments:
                self.assign(assignment)
            yield from self._catch_up()
            if command.redirects:
                redirected(self, command.redirects)
            return self.substituted
        plain = [each for each in command.assignments if not each.argument]
        for assignment in plain:
            self.assign(assignment)
        yield from self._catch_up()
        self._trace([], words)
        outer, self.descriptors = self.descriptors, redirected(self, command.redirects)
        self.compound = [each for each in command.assignments if each.argument]
        builtin = BUILTINS[self.dialect.name].get(words[0])
        try:
            if builtin is None:  # a word of bash in another shell
                return (yield from self.run_program(words, {}))
            result = builtin(self, words)
            return result if isinstance(result, int) else (yield from result)
        finally:
            self.compound = []
            self.descriptors = outer

    def _value_of(self, assignment: Assignment) -> str:
        if isinstance(assignment.value, tuple):
            return " ".join(self.expander.fields(assignment.value))
        value = self.expander.text(assignment.value, assigned=True)
        return (self.state.get(assignment.name) or "") + value if assignment.append else value

    def assign_text(self, name: str, value: str, *, command: str = "") -> None:
        """Give a variable a value, as its attributes have it.

        :param command: stands before a complaint about a number.
        """
        found = self.state.variables.get(name)
        if found is not None and found.integer:
            value = str(self.expander.arithmetic(value, command=command))
        self.state.set(name, value)

    def assign(self, assignment: Assignment) -> None:
        """Carry out an assignment."""
        state, name = self.state, assignment.name
        if isinstance(assignment.value, tuple):
            self._assign_array(assignment, assignment.value)
            return
        value = self.expander.text(assignment.value, assigned=True)
        if len(value) > VALUE_LIMIT:
            raise Interrupted
        mark = "+=" if assignment.append else "="
        shown = f"{mark}{quoted(value, self.dialect.name) if value else ''}"
        if assignment.index is not None:
            key: int | str
            if state.is_associative(name):
                key = self.expander.text(assignment.index)
            else:
                key = self.expander.arithmetic(self.expander.text(assignment.index))
            state.set_element(name, key, value, append=assignment.append)
            self._trace([f"{name}[{assignment.index.source}]{shown}"], [])
            return
        if assignment.append:
            found = state.variables.get(name)
            before = state.get(name) or ""
            value = (
                f"{before or 0}+({value})" if found is not None and found.integer and value.strip() else before + value
            )
        state.set(name, value)
        self._trace([f"{name}{shown}"], [])

    def _assign_array(self, assignment: Assignment, words: tuple[Word, ...]) -> None:
        """``name=(…)``: items in a row, or each with its subscript."""
        state, name = self.state, assignment.name
        associative = state.is_associative(name)
        elements: Elements = state.elements(name) if assignment.append else {}
        shown = []
        variable = state.variables.get(name, Variable(None))
        pairs: list[str] = []
        for word in words:
            subscript = re.match(r"\[(.+?)\](\+?)=", word.source, re.DOTALL)
            if subscript:
                value = self.expander.text(
                    Lexer(word.source[subscript.end() :], self.dialect).word(stop=""), assigned=True
                )
                key = self.expander.key(name, subscript[1])
                if isinstance(key, int) and key < 0:
                    key += state.length(elements)
                elements[key] = state.converted(variable, (elements.get(key, "") if subscript[2] else "") + value)
                shown.append(f"[{key}]={quoted(value)}")
            elif associative:
                pairs += self.expander.fields([word])
            else:
                for item in self.expander.fields([word]):
                    elements[state.length(elements)] = state.converted(variable, item)
                    shown.append(item if re.fullmatch(r"[\w./-]+", item) else f'"{item}"' if item else '""')
        for place in range(0, len(pairs), 2):
            elements[pairs[place]] = (*pairs, "")[place + 1]
        state.set_array(name, elements)
        self._trace([f"{name}{'+' if assignment.append else ''}=({' '.join(shown)})"], [])

    def _trace(self, assignments: Sequence[str], words: Sequence[str]) -> None:
        """``set -x``: in bash assignments before a command stand each on a line of its own."""
        if "xtrace" not in self.state.options:
            return
        name = self.dialect.name
        shown = [each if name == "dash" else self._traced(each) for each in words]
        if self.dialect.is_bash:
            for line in [*assignments, " ".join(shown)] if words else assignments:
                self._trace_line(line, always=True)
            return
        self._trace_line(" ".join([*assignments, *shown]), always=True)

    def _traced(self, word: str) -> str:
        if self.dialect.name == "ash" and not word:
            return ""
        return quoted(word, self.dialect.name)

    def _trace_line(self, line: str, *, always: bool = False) -> None:
        """A line of ``set -x``, behind ``PS4``; bash repeats its first character for each level of substitution."""
        if "xtrace" not in self.state.options or not (always or self.dialect.is_bash):
            return
        mark = self.state.get("PS4")
        mark = "+ " if mark is None else mark
        if "$" in mark:
            self.state.options.discard("xtrace")
            mark = self.expander.text(Lexer(mark, self.dialect).expandable())
            self.state.options.add("xtrace")
        if self.dialect.is_bash:
            mark = mark[:1] * self.level + mark
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
        given = self.descriptors.get(0)
        source = given if isinstance(given, Input) else Input(closed=given is None)
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
            keyboard=isinstance(source, Keyboard),
            elapsed=self.offset,
            limit=self.remaining,
            background=self.in_background,
        )
        if isinstance(program, Nested):
            return (yield from self._nested(program, invocation))
        self.machine.started += 1
        began = self.moment
        result = program(invocation)
        if self.state.jobs:
            self.show_servers()
        if isinstance(result, Completed) and result.satisfied and taken:
            source.taken = min(len(source.text), source.before + PIPE // 16)
        if isinstance(result, Running):
            return (yield from self._foreground(result))
        ends = began + (result.seconds or PROGRAM_SECONDS)
        if self.in_background:  # others write meanwhile: what this one says is there when it has ended
            yield from self.wait(max(0.0, ends - self.moment))
        self.write(result.stdout)
        self.write(result.stderr, 2)
        if result.interrupted:
            raise Interrupted
        if source.cut and taken and not result.satisfied:
            if isinstance(out, Capture) and not out.terminal and name in STREAMING:
                out.full = True
            raise Interrupted
        yield from self.wait(max(0.0, ends - self.moment))  # it may have let the simulation go on itself
        return result.returncode

    def _nested(self, program: Nested, invocation: Invocation) -> Steps:
        """A shell inside this one."""
        prepared = program.prepare(invocation, dict(self.descriptors))
        if isinstance(prepared, Completed):
            self.write(prepared.stdout)
            self.write(prepared.stderr, 2)
            return prepared.returncode
        inner = prepared.shell
        if prepared.reads and invocation.keyboard:
            return (yield from self._foreground(Attached(shell=inner)))
        inner.main = self.main
        inner.commands = self.commands
        yield from self.wait(PROGRAM_SECONDS)
        status = yield from inner.run_shell(prepared.text)
        self.clock = max(self.clock, inner.clock)
        self.commands = inner.commands
        if status > 128 and inner.state.status != status:
            signal = NAMES.get(status - 128, "")
            if signal == "KILL" and self.dialect.is_bash:
                shown = " ".join(quoted(word) for word in invocation.argv)
                start = f"{self.script}: line {self.line}: {inner.state.pid:5d}"
                self.write(f"{start} {ENDINGS[signal]:<23} {shown}\n", 2)
            elif signal in ENDINGS:
                self.write(f"{ENDINGS[signal]}\n", 2)
        return status

    def _foreground(self, server: Running) -> Steps:
        """A server in the foreground: it becomes the container, or it is waited for until Ctrl-C."""
        if isinstance(server, Attached):
            yield server
            status = server.left[0] if server.left else 0
            self.write(server.farewell(status), 2)
            return status
        if self.in_background:  # whoever started it lets it listen, and shows what it writes
            yield server
            return server.exit_code
        if server.awaited and not self.main:
            return (yield from self._wait_for(server))
        for line in server.log:
            self.write(f"{line}\n", 2)
        if self.main:
            server.log.clear()
            yield server
            return server.exit_code
        return 0

    def _wait_for(self, server: Running) -> Steps:
        """Let a server listen, and show what it writes, until whoever waits for it has had enough."""
        pid, told = self.machine.new_pid(), 0
        self._serve(server, pid, self.script)
        try:
            while True:
                self.write("".join(f"{line}\n" for line in server.log[told:]))
                told = len(server.log)
                yield from self.wait(AWAITED_SECONDS)
        finally:
            self.machine.send_signal(pid, "INT")

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
