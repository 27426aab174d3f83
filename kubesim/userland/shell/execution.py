"""Running commands: lists, pipelines, loops, functions, subshells, programs.

An :class:`Interpreter` works as a generator: it yields the seconds that each command takes, and whoever drives it
decides what they are: the learner's terminal lets the whole simulation go on for that long, ``kubectl exec`` adds them
up, and a container's main process is woken when they have passed. So ``while true; do curl …; sleep 1; done`` is the
same loop wherever it runs.
"""

from __future__ import annotations

from collections.abc import Generator

from kubesim.userland.machine import Machine
from kubesim.userland.process import Running, Steps
from kubesim.userland.shell import compounds
from kubesim.userland.shell.background import start_in_background
from kubesim.userland.shell.dialect import Dialect, ShellSyntaxError
from kubesim.userland.shell.expansion import Expander, ExpansionError
from kubesim.userland.shell.parser import Parser
from kubesim.userland.shell.pipes import run_pipe
from kubesim.userland.shell.redirections import Opener, RedirectionError, redirected
from kubesim.userland.shell.signals import FunctionReturn, Interrupted, Killed, LoopJump, ShellExit
from kubesim.userland.shell.simple_commands import run_simple
from kubesim.userland.shell.state import Capture, Descriptors, Input, ReadOnlyError, State, Variable
from kubesim.userland.shell.tree import AndOr, Command, CommandList, Compound, Pipeline

COMMAND_LIMIT = 20_000
"""Commands after which a shell that lets no time pass is taken to loop for ever."""


class Interpreter:
    """One running shell.

    :param script: the name that complaints begin with.
    :param opener: what opens paths that are no files.
    :param from_option: the commands came from ``-c``.
    :param main: it is a container's main process: a server that it starts in the foreground replaces it.
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
        self.line = 1
        self.commands = 0
        self.quiet = 0
        self.began = self.clock = machine.simulation.now + elapsed
        self.deadline = self.began + limit
        self.expander = Expander(self)
        self.waited = 0.0
        self.temporary: list[str] = []
        self.leaves = False

    # --- time and streams -----------------------------------------------------------------------------------------

    @property
    def offset(self) -> float:
        """Seconds by which this shell is ahead of the simulation's clock."""
        return max(0.0, self.clock - self.machine.simulation.now)

    @property
    def elapsed(self) -> float:
        """Seconds since the shell began."""
        return max(self.clock, self.machine.simulation.now) - self.began

    @property
    def remaining(self) -> float:
        """Seconds until whoever started this shell stops it."""
        return self.deadline - max(self.clock, self.machine.simulation.now)

    def wait(self, seconds: float) -> Generator[float | Running, None, None]:
        """Let time pass, and show what background jobs wrote meanwhile."""
        self.clock = max(self.clock, self.machine.simulation.now) + seconds
        if seconds > 0:
            yield seconds
        self.clock = max(self.clock, self.machine.simulation.now)
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

    # --- texts ----------------------------------------------------------------------------------------------------

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
        """Run a text as the whole shell: ``exit``, signals and the EXIT trap end it."""
        try:
            status = yield from self.run_text(text)
        except ShellExit as leaving:
            status = leaving.status
        except (LoopJump, FunctionReturn):
            status = self.state.status
        except Killed as killed:
            status = killed.status
            return status
        self.state.status = status
        if trap := self.state.traps.pop("EXIT", ""):
            try:
                yield from self.run_text(trap)
            except ShellExit as leaving:
                status = leaving.status
        self.show_jobs(float("inf"))
        return status

    def substitute(self, text: str, line: int) -> str:
        """The output of a command substitution; the time it takes is added to the shell's own."""
        capture = Capture()
        child = self.child({**self.descriptors, 1: capture})
        child.line = line
        self.collect(child, child.run_shell(text))
        return capture.text

    def collect(self, child: Interpreter, steps: Steps) -> None:
        """Run a child to its end at once; its time becomes due."""
        total = 0.0
        try:
            while True:
                event = next(steps)
                if not isinstance(event, Running):
                    total += event
        except StopIteration as stop:
            self.state.status = stop.value or 0
        self.waited += total
        self.commands = max(self.commands, child.commands)

    def process_file(self, text: str, line: int) -> str:
        """The file of a process substitution."""
        path = f"/dev/fd/{63 - self.commands % 32}"
        files = self.machine.files
        while files.exists(path):
            path = f"/dev/fd/{int(path.rsplit('/', 1)[1]) - 1}"
        output = self.substitute(text, line)
        files.make_directory("/dev/fd", parents=True)
        files.write(path, output)
        self.temporary.append(path)
        return path

    def child(self, descriptors: Descriptors) -> Interpreter:
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

    # --- lists and pipelines --------------------------------------------------------------------------------------

    def command_list(self, commands: CommandList) -> Steps:
        """Commands one after the other."""
        for and_or, background, source in commands.items:
            if background:
                start_in_background(self, and_or, source)
            else:
                yield from self.and_or(and_or)
        return self.state.status

    def and_or(self, commands: AndOr) -> Steps:
        """``&&`` and ``||``; ``set -e`` looks only at the last command."""
        self.quiet += bool(commands.rest)
        status = yield from self.pipeline(commands.first)
        for number, (operator, pipeline) in enumerate(commands.rest):
            last = number == len(commands.rest) - 1
            if (operator == "&&") == (status == 0):
                if last:
                    self.quiet -= 1
                status = yield from self.pipeline(pipeline)
                if last:
                    self.quiet += 1
        self.quiet -= bool(commands.rest)
        return status

    def pipeline(self, pipeline: Pipeline) -> Steps:
        """One command, or several joined by pipes, each in a subshell."""
        began = self.elapsed
        self.quiet += pipeline.negated
        if len(pipeline.commands) == 1:
            status = yield from self.command(pipeline.commands[0])
            statuses = [status]
        else:
            statuses = yield from run_pipe(self, pipeline)
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

    def contained(self, steps: Steps) -> Steps:
        """Run steps as a whole subshell: what would end a shell ends only them."""
        try:
            return (yield from steps)
        except ShellExit as leaving:
            return leaving.status
        except (LoopJump, FunctionReturn):
            return self.state.status
        except Killed as killed:
            return killed.status

    def run_body(self, commands: CommandList) -> Steps:
        """Commands as a whole subshell, its EXIT trap included."""
        try:
            status = yield from self.command_list(commands)
        except ShellExit as leaving:
            status = leaving.status
        except (LoopJump, FunctionReturn):
            status = self.state.status
        except Killed as killed:
            return killed.status
        if trap := self.state.traps.pop("EXIT", ""):
            yield from self.run_text(trap)
        return status

    # --- commands -------------------------------------------------------------------------------------------------

    def command(self, command: Command) -> Steps:
        """One command; its failures to expand or to redirect are its status."""
        self.commands += 1
        if self.commands > COMMAND_LIMIT:
            raise Interrupted
        self.line = command.line
        outer = self.descriptors
        try:
            if isinstance(command, Compound):
                self.descriptors = redirected(self, command.redirects)
                status = yield from compounds.run(self, command.body)
            else:
                status = yield from run_simple(self, command)
        except RedirectionError as error:
            self.descriptors = outer
            yield from self.wait(error.opened.seconds)
            if error.opened.counts:
                self.complain(error.opened.before)
            elif error.opened.before:
                self.write(f"{self.script}: {error.opened.before}\n", 2)
            self.complain(str(error))
            status = 1 if self.dialect.is_bash else 2 if self.dialect.name == "dash" else 1
        except ExpansionError as error:
            self.descriptors = outer
            self.complain(error.message)
            if error.fatal or not self.dialect.is_bash:
                raise ShellExit(error.status) from error
            raise ShellExit(error.status) from error
        except ReadOnlyError as error:
            self.descriptors = outer
            self.complain(f"{error.name}: readonly variable" if self.dialect.is_bash else f"{error.name}: is read only")
            raise ShellExit(1 if self.dialect.is_bash else 2) from error
        finally:
            self.descriptors = outer
        self.state.status = status
        return status
