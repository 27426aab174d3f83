"""Running commands: lists, pipelines, loops, functions, subshells, programs.

An :class:`Interpreter` works as a generator: it yields the seconds that each command takes, and whoever drives it
decides what they are: the learner's terminal lets the whole simulation go on for that long, ``kubectl exec`` adds them
up, and a container's main process is woken when they have passed. So ``while true; do curl …; sleep 1; done`` is the
same loop wherever it runs.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from kubesim.programs.machine import ExecutableNotFoundError, Machine, Process
from kubesim.programs.process import Invocation, Running, Steps
from kubesim.programs.shell import compounds
from kubesim.programs.shell.builtins.table import BUILTINS, SPECIAL
from kubesim.programs.shell.dialect import Dialect, ShellSyntaxError
from kubesim.programs.shell.expansion import Expander, ExpansionError
from kubesim.programs.shell.parser import Parser
from kubesim.programs.shell.redirections import RedirectionError, redirected
from kubesim.programs.shell.signals import ENDINGS, NAMES, FunctionReturn, Interrupted, Killed, LoopJump, ShellExit
from kubesim.programs.shell.state import Capture, Descriptors, Input, Job, Output, ReadOnlyError, State, Variable
from kubesim.programs.shell.tree import AndOr, Assignment, Command, CommandList, Compound, Pipeline, Simple
from kubesim.programs.stdin_readers import reads_stdin

COMMAND_LIMIT = 20_000
"""Commands after which a shell that lets no time pass is taken to loop for ever."""


class Interpreter:
    """One running shell.

    :param script: the name that complaints begin with.
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
        from_option: bool = True,
        main: bool = False,
        elapsed: float = 0.0,
    ) -> None:
        self.machine = machine
        self.dialect = dialect
        self.state = state
        self.descriptors = descriptors
        self.script = script
        self.from_option = from_option
        self.main = main
        self.line = 1
        self.commands = 0
        self.quiet = 0
        self.began = self.clock = machine.simulation.now + elapsed
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
        except Interrupted:
            return 130
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
        self.commands += child.commands

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
            from_option=self.from_option,
            elapsed=self.offset,
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
                self.background(and_or, source)
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
        """Each command reads what the one before it wrote; together they take as long as the slowest."""
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
            child = self.child(descriptors)
            child.main = self.main and last
            took = 0.0
            steps = child.run_command(command)
            while True:
                try:
                    event = next(steps)
                except StopIteration as stop:
                    statuses.append(stop.value or 0)
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
            source = Input(capture.text)
        return statuses

    def run_command(self, command: Command) -> Steps:
        """One command as a whole subshell."""
        try:
            return (yield from self.command(command))
        except ShellExit as leaving:
            return leaving.status
        except (LoopJump, FunctionReturn):
            return self.state.status
        except Killed as killed:
            return killed.status

    def background(self, commands: AndOr, source: str) -> None:
        """Start commands in the background: they run at once, their output and end come when their time is up."""
        captures = {1: Capture(), 2: Capture()}
        child = self.child({0: Input(), **captures})
        pid = self.machine.new_pid()
        child.state.pid = pid
        total = 0.0
        status = 0
        steps = child.run_list(commands)
        serving = False
        try:
            while total < 86_400:
                event = next(steps)
                if isinstance(event, Running):
                    serving = True
                    self.serve(event, pid, source)
                    break
                total += event
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
        number = max((job.number for job in self.state.jobs), default=0) + 1
        ends = float("inf") if serving else max(self.clock, self.machine.simulation.now) + total
        self.state.jobs.append(Job(number, pid, source, ends, status, outputs))
        self.state.status = 0
        if total == 0:
            self.show_jobs(ends)

    def run_list(self, commands: AndOr) -> Steps:
        """A list as a whole subshell."""
        try:
            return (yield from self.and_or(commands))
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

    def serve(self, server: Running, pid: int, source: str) -> None:
        """Keep a server that was started beside the shell: it listens until it is killed."""
        network, machine = self.machine.sockets.network, self.machine
        opened: list[tuple[str, int]] = []
        for (protocol, port), listener in server.listeners.items():
            try:
                network.listen(machine.sockets.machine, protocol, port, listener)
                opened.append((protocol, port))
            except OSError as error:
                self.write(f"{source.split()[0]}: {error}\n", 2)
        machine.processes.append(Process(pid, source))

        def stop(name: str) -> bool:
            if name in ("CONT", "CHLD", "WINCH"):
                return False
            for protocol, port in opened:
                network.close(machine.sockets.machine, protocol, port)
            return True

        machine.on_signal(pid, stop)

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
                status = yield from self.simple(command)
        except RedirectionError as error:
            self.descriptors = outer
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

    def simple(self, command: Simple) -> Steps:
        """A simple command: assignments alone, a function, a builtin or a program."""
        self.temporary = []
        words = self.expander.fields(command.words)
        if words and words[0] in self.state.aliases and command.words and command.words[0].bare == words[0]:
            words = self.state.aliases[words[0]].split() + words[1:]
        waited, self.waited = self.waited, 0.0
        yield from self.wait(waited)
        declared = bool(words) and words[0] in ("declare", "local", "export", "readonly", "typeset")
        if not words or declared:
            return (yield from self._assign_only(command, words))
        prefix = [(each.name, self._value_of(each)) for each in command.assignments]
        self._trace([*(f"{name}={_quoted(value)}" for name, value in prefix)], words)
        outer = self.descriptors
        self.descriptors = redirected(self, command.redirects)
        name = words[0]
        try:
            if name in self.state.functions and "/" not in name:
                return (yield from self._with_variables(prefix, self.function(words)))
            builtin = BUILTINS[self.dialect.name].get(name)
            if builtin is not None:
                if name == "exec" and len(words) == 1:
                    outer = self.descriptors
                    return 0
                result = builtin(self, words)
                if isinstance(result, Generator):
                    return (yield from self._with_variables(prefix if name not in SPECIAL else [], result))
                return result
            return (yield from self.program(words, dict(prefix)))
        finally:
            self.descriptors = outer
            if name == "exec" and len(words) == 1:
                self.descriptors = outer
            for path in self.temporary:
                if self.machine.files.exists(path):
                    self.machine.files.remove(path)

    def _assign_only(self, command: Simple, words: list[str]) -> Steps:
        self.state.status = 0
        for assignment in command.assignments:
            if words and words[0] == "local":
                self.state.remember_local(assignment.name)
            self.assign(assignment)
        waited, self.waited = self.waited, 0.0
        yield from self.wait(waited)
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

    def assign(self, assignment: Assignment) -> None:
        """Carry out an assignment."""
        state, name = self.state, assignment.name
        if isinstance(assignment.value, tuple):
            items = self.expander.fields(assignment.value)
            elements = state.elements(name) if assignment.append else {}
            start = max(elements, default=-1) + 1
            state.set_array(name, elements | {start + number: item for number, item in enumerate(items)})
            self._trace([f"{name}=({' '.join(map(_quoted, items))})"], [])
            return
        value = self.expander.text(assignment.value)
        if assignment.index is not None:
            elements = state.elements(name)
            index = self.expander.arithmetic(self.expander.text(assignment.index))
            elements[index] = elements.get(index, "") + value if assignment.append else value
            state.set_array(name, elements)
        else:
            state.set(name, (state.get(name) or "") + value if assignment.append else value)
        self._trace([f"{name}={_quoted(value)}"], [])

    def _trace(self, assignments: Sequence[str], words: Sequence[str]) -> None:
        if "xtrace" not in self.state.options or not (assignments or words):
            return
        mark = self.state.get("PS4") or "+ "
        if words:
            for each in assignments:
                self.write(f"{mark}{each}\n", 2)
            self.write(f"{mark}{' '.join(map(_quoted, words))}\n", 2)
        else:
            self.write(f"{mark}{' '.join(assignments)}\n", 2)

    def _with_variables(self, prefix: list[tuple[str, str]], steps: Steps) -> Steps:
        saved = {name: self.state.variables.get(name) for name, _ in prefix}
        for name, value in prefix:
            self.state.set(name, value, export=True)
        try:
            return (yield from steps)
        finally:
            for name, old in saved.items():
                if old is None:
                    self.state.variables.pop(name, None)
                else:
                    self.state.variables[name] = old

    def function(self, words: list[str]) -> Steps:
        """Call a function."""
        state = self.state
        if state.functions_running > 200:
            raise Interrupted
        outer, state.positional = state.positional, tuple(words[1:])
        state.locals.append({})
        state.functions_running += 1
        loops, state.loops = state.loops, 0
        try:
            return (yield from self.command(state.functions[words[0]]))
        except FunctionReturn as leaving:
            return leaving.status
        finally:
            state.positional = outer
            state.loops = loops
            state.functions_running -= 1
            for name, old in state.locals.pop().items():
                if old is None:
                    state.variables.pop(name, None)
                else:
                    state.variables[name] = old

    def program(self, words: list[str], extra: dict[str, str], *, replaces: bool = False) -> Steps:
        """Run a program of the machine."""
        from kubesim.programs.shell.script import ShellProgram

        name = words[0]
        try:
            program = self.machine.find(name, self.state.directory)
        except ExecutableNotFoundError as error:
            return self._not_found(name, error)
        environment = {**self.state.environment(), **extra, "_": name if "/" in name else self._path_of(name)}
        environment["PWD"] = self.state.directory
        source = self.stdin
        stdin = source.drain() if reads_stdin(words) else ""
        out = self.descriptors.get(1)
        invocation = Invocation(
            tuple(words),
            self.machine,
            stdin,
            environment,
            self.state.directory,
            main=self.main and replaces,
            terminal=isinstance(out, Capture) and out.terminal,
            elapsed=self.offset,
        )
        if isinstance(program, ShellProgram):
            status = yield from self._nested(program, invocation)
            return status
        result = program(invocation)
        if isinstance(result, Running):
            return (yield from self._foreground(result))
        self.write(result.stdout)
        self.write(result.stderr, 2)
        yield from self.wait(result.seconds)
        return result.returncode

    def _nested(self, program: object, invocation: Invocation) -> Steps:
        from kubesim.programs.shell.script import ShellProgram

        assert isinstance(program, ShellProgram)
        prepared = program.prepare(invocation, dict(self.descriptors))
        if len(prepared) == 3:
            self.write(prepared[0])
            self.write(prepared[1], 2)
            return prepared[2]
        interpreter, text = prepared
        interpreter.main = self.main
        interpreter.commands = self.commands
        status = yield from interpreter.run_shell(text)
        self.clock = max(self.clock, interpreter.clock)
        self.commands = interpreter.commands
        if status > 128 and self.dialect.is_bash and interpreter.state.status != status:
            signal = NAMES.get(status - 128, "")
            if signal == "KILL":
                shown = " ".join(_quoted(word) for word in invocation.argv)
                self.write(
                    f"{self.script}: line {self.line}: {interpreter.state.pid:5d} {ENDINGS[signal]:<23} {shown}\n", 2
                )
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

    def _path_of(self, name: str) -> str:
        for directory in ("/usr/bin", "/usr/sbin", "/bin", "/sbin"):
            if self.machine.files.exists(f"{directory}/{name}"):
                return f"{directory}/{name}"
        return name

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


def _quoted(text: str) -> str:
    """A word as ``set -x`` shows it."""
    if text and all(character.isalnum() or character in "_@%+=:,./-{}^~" for character in text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def shell_state(invocation: Invocation, name: str, arguments: Sequence[str], pid: int) -> State:
    """The memory of a fresh shell: the environment's variables, exported."""
    variables = {key: Variable(value, exported=True) for key, value in invocation.environment.items()}
    state = State(variables=variables, positional=tuple(arguments), name=name, directory=invocation.directory, pid=pid)
    state.variables["PWD"] = Variable(invocation.directory, exported=True)
    depth = invocation.environment.get("SHLVL", "")
    state.variables["SHLVL"] = Variable(str(int(depth) + 1 if depth.isdigit() else 0), exported=True)
    return state
