"""The learner's terminal: bash on a simulated host, with ``kubectl``.

A person who types one line after another lets time pass between them: Pods start, rules are written, names become
known. :meth:`Terminal.run` does the same: each command takes the simulated seconds that its program says, and after
each line the cluster settles (``patience`` bounds how long is waited for). Variables, functions, the directory and
files stay from one call to the next. Nothing here touches the real host.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

from kubesim.api.objects import Wire
from kubesim.cluster import Cluster, arguments
from kubesim.data_directory import DATA
from kubesim.doors import door
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.network_files import open_connection
from kubesim.terminal.processes import show_containers
from kubesim.turn import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import INTERRUPTED, Completed, Program, Running, Start, Steps
from kubesim.userland.shell.dialect import INTERACTIVE_BASH, ShellSyntaxError
from kubesim.userland.shell.interpreter import Attached, Interpreter, Nested
from kubesim.userland.shell.parser import Parser
from kubesim.userland.shell.signals import Discard, FunctionReturn, Killed, LoopJump, ShellExit
from kubesim.userland.shell.state import State, shell_state
from kubesim.userland.shell.streams import Capture, Descriptors, Input, Keyboard

HOME = "/root"
PATIENCE = 120.0
"""Simulated seconds that a person waits for the cluster to settle before the next line."""
KILLED = 137
"""The status of a shell whose container was killed."""
UNREACHABLE = 255
"""The status of ssh where the host is off."""
WAIT_SECONDS = 3.0
"""Seconds of computing that the cluster may settle for after a line."""
CALL_SECONDS = 0.1
"""Simulated seconds of a call of kubectl beside what it waits for: to start, to be connected and answered."""
INTERRUPT = 900.0
"""Simulated seconds after which a command that still runs gets Ctrl-C."""


class Terminal:
    """A shell on one of the cluster's hosts, or on the laptop.

    :param on: ``master``, ``worker`` or ``laptop``.
    :param patience: simulated seconds to wait for the cluster after each line; 0 waits for nothing.
    :param interrupt: simulated seconds after which a command is interrupted; its status is then 130.
    :param live: whether a person sits there: lines then go into the shell that was entered last (``kubectl exec -it POD
        -- sh``, ``bash``), until it is left.
    :raises LookupError: if there is no such host.
    """

    def __init__(
        self,
        cluster: Cluster,
        on: str = "master",
        *,
        patience: float = PATIENCE,
        interrupt: float = INTERRUPT,
        live: bool = False,
    ) -> None:
        self.cluster = cluster
        self.gate = cluster.gate
        self.on = arguments.text("on", on)
        self.patience = arguments.seconds("patience", patience)
        self.interrupt = arguments.patience("interrupt", interrupt)
        self.live = live
        self._out, self._error, self._screen = Capture(terminal=True), Capture(), list[str]()
        self._waiting: list[_Waiting] = []
        self._entered: Attached | None = None
        self._deadline = math.inf
        """When somebody presses Ctrl-C, in the simulation's seconds."""
        how = {"on": self.on, "patience": patience, "interrupt": interrupt} | ({"live": True} if live else {})
        self.gate.call(cluster.caller, "open", self._open, ("Terminal",), how)

    def _open(self) -> None:
        """Sit down at the host and start a shell."""
        self.machine = self._host(self.on)
        state = shell_state(Start(("bash",), self.machine, "", self.machine.environment, HOME), "bash", (), 2000)
        self._shell = Interpreter(self.machine, INTERACTIVE_BASH, state, {}, opener=open_connection, from_option=False)
        self.caller = self.cluster.admit("terminal", self)

    def _host(self, on: str) -> Machine:
        host = self.cluster.machine(on if "/" in on or on not in self._nodes() else f"node/{on}")
        own: dict[str, Program] = {"kubectl": self._kubectl}
        machine = replace(host, programs=ChainMap(own, cast("MutableMapping[str, Program]", host.programs)))
        if host.name.startswith("node/"):
            own["k3s"] = self._k3s
            show_containers(machine, self.cluster, host.name.removeprefix("node/"), self.cluster.images)
        for path in sorted((DATA / "manifests").glob("*.yaml")):
            place = f"{HOME}/{path.name}"
            if not machine.files.exists(place):
                machine.files.write(place, Path(path).read_text(encoding="utf-8"))
        from kubesim.kubectl.kubeconfig import install  # kubectl's floor is loaded when a terminal is opened

        install(machine.files, self.cluster.configuration)
        machine.files.make_directory("/usr/local/bin", parents=True)
        for name in own:
            if not machine.files.exists(f"/usr/local/bin/{name}"):
                machine.files.write(f"/usr/local/bin/{name}", "", mode=0o755)
        return machine

    def _nodes(self) -> set[str]:
        return {node["metadata"]["name"] for node in self.cluster.store.list("Node")}

    @property
    def prompt(self) -> str:
        """What stands before the line that is being typed, as the shell has it unless told otherwise."""
        machine, state = self._shell.machine, self._shell.state
        home = state.get("HOME") or "/"
        place = state.directory
        if place == home or (home != "/" and place.startswith(f"{home}/")):
            place = "~" + place[len(home) :]
        return self._shell.dialect.prompt.format(user=machine.user, host=machine.hostname, place=place)

    @property
    def current_machine(self) -> Machine:
        """Where lines are carried out: the host, or the container whose shell was entered."""
        return cast("Machine", self._shell.machine)

    @property
    def inside(self) -> bool:
        """Whether lines go into a shell that was entered from the terminal's own."""
        return bool(self._waiting)

    @property
    def left(self) -> bool:
        """Whether ``exit`` was typed into the terminal's own shell."""
        return self._shell.leaves and not self._waiting

    def wants_more(self, text: str) -> bool:
        """Whether a line goes on: a quote is open, a loop has no ``done``, a here-document has no end."""
        if text.endswith("\\"):
            return True
        parser = Parser(f"{text}\n", self._shell.dialect, 1, self._shell.aliases)
        try:
            while parser.next() is not None:
                pass
        except ShellSyntaxError as problem:
            return bool(problem.quote) or not problem.token
        except RecursionError:
            return False
        return bool(parser.lexer.warnings)  # of a here-document whose end is the text's

    @property
    def variables(self) -> dict[str, str]:
        """The shell's variables."""
        return {name: variable.text or "" for name, variable in self._shell.state.variables.items()}

    @property
    def state(self) -> State:
        """What the shell remembers: variables, functions, the directory; for whoever looks, not to be changed."""
        return self._shell.state

    def run(self, text: str) -> Completed:
        """Type some lines and read what comes.

        :returns: what was printed, the last status (``$?``) and the simulated seconds that passed.
        """
        started = self.cluster.simulation.now
        lines = list(self.steps(text))
        out, error = ("".join(part) for part in zip(*((line.stdout, line.stderr) for line in lines), strict=True))
        return Completed(out, error, lines[-1].returncode, self.cluster.simulation.now - started)

    def prepare(self, *texts: str) -> None:
        """Type lines whose output nobody needs to see.

        :raises RuntimeError: if a line fails; it says which, and what was printed.
        """
        for text in texts:
            done = self.run(text)
            if done.returncode:
                raise RuntimeError(f"{text!r} ended with status {done.returncode}: {done.stderr or done.stdout}")

    def screen(self, text: str) -> str:
        """Type some lines and see what the screen shows: standard output and standard error as they come."""
        shown: list[str] = []
        for _ in self.steps(text, shown):
            pass
        return "".join(shown)

    def steps(self, text: str, screen: list[str] | None = None) -> Iterator[Completed]:
        """Type some lines and read what comes of each, in turn; the last one says the final status.

        :param screen: gets all that is printed, in the order in which it comes.
        """
        shown = screen if screen is not None else []
        typed = arguments.text("what is typed", text).replace("\r\n", "\n")
        lines = list(_complete_lines(typed)) or [("", 1)]
        for position, (line, number) in enumerate(lines, 1):
            self.show_on(shown)
            done, goes_on = Completed("^C\n", returncode=INTERRUPTED), False
            try:
                with self.cluster.turn:  # what comes of the line is here before Ctrl-C can take effect
                    done, goes_on = self.type_line(line, number, begins=position == 1, ends=position == len(lines))
            except KeyboardInterrupt:
                shown.append("^C\n")
                self._shell.state.status = INTERRUPTED
                goes_on = False
            yield done
            if not goes_on:
                return

    def show_on(self, screen: list[str]) -> None:
        """Say where the text goes that the next lines print: appended to the list as it comes."""
        self._screen = screen

    @door
    def type_line(
        self, line: str, number: int = 1, *, begins: bool = True, ends: bool = True
    ) -> tuple[Completed, bool]:
        """Type one line, which may be a command over several lines, and let the cluster settle.

        :param number: of its first line in what is typed together.
        :param begins: whether it is the first of what is typed together: the standard streams are the terminal's again.
        :param ends: whether it is the last: jobs that have ended meanwhile are told of.
        :returns: what came of it, and whether the next line is read.
        """
        shell = self._shell
        if begins:
            self._out.full = self._error.full = shell.leaves = False
            if not self._waiting:
                shell.machine = self.machine
            shell.descriptors = self._streams()
            shell.commands = 0
            shell.clock = self.cluster.simulation.now
        self._out.screen = self._error.screen = self._screen
        started = self.cluster.simulation.now
        goes_on = self._parse_and_run(line, number)
        shell = self._shell
        if ends or not goes_on:
            shell.show_jobs(self.cluster.simulation.now)
        passed = self.cluster.simulation.now - started
        return Completed(self._out.take(), self._error.take(), shell.state.status, passed), goes_on

    def _streams(self) -> Descriptors:
        """The standard streams: the terminal's."""
        return {0: Keyboard() if self.live else Input(), 1: self._out, 2: self._error}

    def _parse_and_run(self, line: str, number: int) -> bool:
        """Read and carry out one line; whether the next is read."""
        while self._waiting and self._shell.machine.name not in self.cluster.network.topology:
            self._shell.state.status = KILLED  # its Pod is gone
            self._go_back()
        shell = self._shell
        name, dialect = shell.script, shell.dialect
        if line.strip():
            shell.state.history.append(line.strip())
        parser = Parser(line, dialect, number, shell.aliases)
        if self.machine.name not in self.cluster.network.topology:
            self._error.write(f"ssh: connect to host {self.machine.hostname} port 22: No route to host\n")
            shell.state.status = UNREACHABLE
            return False
        try:
            parsed = parser.next()
        except ShellSyntaxError as problem:
            self._error.write(dialect.syntax_error(name, problem, from_option=False))
            shell.state.status = 2
            return False
        except RecursionError:
            self._error.write(f"{name}: maximum nesting level exceeded\n")
            shell.state.status = 2
            return False
        for warning in parser.lexer.warnings:
            self._error.write(f"{name}: {warning}\n")
        if parsed is None:
            return False
        goes_on = self._carry_out(shell.command_list(parsed))
        while self._waiting and self._shell.leaves:
            goes_on = self._go_back()
        return self._wait() and goes_on

    def _go_back(self) -> bool:
        """Leave the shell that was entered last: the one around it goes on with its line."""
        waiting, inner = self._waiting.pop(), self._shell
        waiting.attached.left.append(inner.state.status)
        self._shell = waiting.shell
        return self._carry_out(waiting.steps)

    def _carry_out(self, steps: Steps) -> bool:
        """Carry out one line, or what is left of it; whether the next is read."""
        shell = self._shell
        goes_on = True
        try:
            with self.cluster.turn.limited():
                shell.state.status = self._drive(steps)
        except ShellExit as leaving:
            shell.state.status = leaving.status
            goes_on = not shell.leaves
        except Discard as giving_up:
            shell.state.status = giving_up.status
        except (LoopJump, FunctionReturn):
            pass
        except Killed as killed:
            shell.state.status = killed.status
            goes_on = False
        except (Interrupted, KeyboardInterrupt):
            self._interrupted()
            goes_on = False
        except RecursionError:
            shell.write(f"{shell.script}: maximum nesting level exceeded\n", 2)
            shell.state.status = 2
        shell.quiet = 0
        return goes_on

    def _interrupted(self) -> None:
        self._out.write("^C\n")
        self._shell.state.status = INTERRUPTED

    def _wait(self) -> bool:
        """Let the cluster settle; whether nobody grew tired of that."""
        waited = True
        if self.patience > 0:
            try:
                with self.cluster.turn.limited(WAIT_SECONDS):
                    self._settle()
            except Interrupted:  # there is more to do than anybody waits for; it goes on with the next line
                pass
            except KeyboardInterrupt:
                self._interrupted()
                waited = False
            self._shell.show_jobs(self.cluster.simulation.now)
        return waited

    def _settle(self) -> None:
        """Let the cluster settle; a job in the background goes on when its time comes before that."""
        simulation = self.cluster.simulation
        ends = simulation.now + self.patience
        while (due := self._shell.next_due()) < ends:
            if self.cluster.settle(max(0.0, due - simulation.now)):
                return
            self.cluster.advance(max(0.0, due - simulation.now))
            self._shell.show_jobs(simulation.now)
        self.cluster.settle(ends - simulation.now)

    def _drive(self, steps: Steps) -> int:
        """Let the simulation go on for as long as each command takes."""
        self._deadline = self.cluster.simulation.now + self.interrupt
        while True:
            self.cluster.turn.pause()
            try:
                event = next(steps)
            except StopIteration as stop:
                return int(stop.value or 0)
            if isinstance(event, Attached):
                event.shell.descriptors = self._streams()
                self._waiting.append(_Waiting(self._shell, steps, event))
                self._shell = event.shell
                return 0
            if isinstance(event, Running):
                continue
            try:
                self._let_pass(event)
            except Interrupted:
                steps.close()
                raise

    def _let_pass(self, seconds: float) -> None:
        """Let the simulation go on.

        :raises Interrupted: where the line has then run for so long that somebody presses Ctrl-C.
        """
        left = self._deadline - self.cluster.simulation.now
        if seconds > left:
            self.cluster.advance(max(0.0, left))
            raise Interrupted
        self.cluster.advance(seconds)

    # --- kubectl -------------------------------------------------------------------------------------------------

    def _kubectl(self, invocation: Invocation) -> Completed | Running:
        """``kubectl``, loaded when it is first typed.

        What it waits for passes while it runs. So must what went before it in its line, of which a script or a
        substitution has only added up the seconds: it asks the cluster as that is by then.
        """
        from kubesim.kubectl import main as kubectl

        if invocation.limit < CALL_SECONDS:  # it is killed before it has asked anything
            return Completed(seconds=CALL_SECONDS)
        if not invocation.background:
            self._let_pass(invocation.elapsed)
        stdin = invocation.stdin if _reads_stdin(invocation.argv) else ""
        files, environment = invocation.machine.files, invocation.environment
        attach = self._attach if invocation.keyboard else None
        place = (files, stdin, invocation.directory, environment)
        served: list[Running] = []

        def spawn(argv: Sequence[str]) -> Completed:
            program = invocation.machine.find(argv[0], invocation.directory)
            done = program(invocation.becoming(tuple(argv)))
            return done if isinstance(done, Completed) else Completed()

        done = kubectl.run(
            invocation.argv,
            self.cluster,
            *place,
            invocation.limit,
            attach,
            served.append,
            spawn,
            background=invocation.background,
        )
        if served:
            return served[0]
        entered, self._entered = self._entered, None
        if entered is not None:
            self._error.write(done.stderr)
            return entered
        return replace(done, seconds=done.seconds + CALL_SECONDS)

    def _k3s(self, invocation: Invocation) -> Completed | Running:
        """``k3s``: of the one binary that is everything, kubectl and the version."""
        words = invocation.argv[1:]
        if words[:1] == ("kubectl",):
            return self._kubectl(invocation.becoming(words))
        if words and words[0] in ("-v", "--version"):
            return Completed(f"k3s version {self.cluster.configuration.version}\n")
        return Completed("", f"k3s: {words[0] if words else 'this'} is not simulated: kubectl and --version are\n", 1)

    def _attach(
        self, pod: Wire, container: str, command: Sequence[str], farewell: Callable[[int], str] | None = None
    ) -> bool:
        """Enter a shell of a container; whether the command is one that a person could type into."""
        metadata = pod["metadata"]
        machine = self.cluster.machine(f"pod/{metadata['namespace']}/{metadata['name']}", container)
        try:
            program = machine.find(command[0], machine.directory)
        except ExecutableNotFoundError:
            return False
        if not isinstance(program, Nested):
            return False
        environment = {**machine.environment, "TERM": "xterm"}
        start = Start(tuple(command), machine, "", environment, machine.directory, keyboard=True)
        prepared = program.prepare(start, self._streams())
        if isinstance(prepared, Completed) or not prepared.reads:
            return False
        self._entered = Attached(shell=prepared.shell, farewell=farewell or _exit_code)
        return True


class _Waiting(NamedTuple):
    """A shell that waits for one that was entered from it, and what is left of its line."""

    shell: Interpreter
    steps: Steps
    attached: Attached


def _exit_code(status: int) -> str:
    """What kubectl says when a shell has been left."""
    return f"command terminated with exit code {status}\n" if status else ""


def _complete_lines(text: str) -> Iterator[tuple[str, int]]:
    """The complete commands of a text, each with the number of its first line.

    Where the text cannot be parsed, the rest of it comes as one: the shell complains when it gets there.
    """
    parser, begin, number = Parser(text, INTERACTIVE_BASH), 0, 1
    try:
        while parser.next() is not None:
            yield text[begin : parser.lexer.position], number
            begin, number = parser.lexer.position, parser.lexer.line
    except (ShellSyntaxError, RecursionError):
        yield text[begin:], number


def _reads_stdin(words: Sequence[str]) -> bool:
    """Whether kubectl reads its standard input (``-f -``, ``-i``); what it leaves, a loop's ``read`` has."""
    short = (word for word in words if word.startswith("-") and len(word) <= 3)
    return bool({"-", "-f-"} & set(words)) or any("i" in word for word in short)
