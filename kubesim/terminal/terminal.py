"""The learner's terminal: bash on a simulated host, with ``kubectl``.

A person who types one line after another lets time pass between them: Pods start, rules are written, names become
known. :meth:`Terminal.run` does the same: each command takes the simulated seconds that its program says, and after
each line the cluster settles (``patience`` bounds how long is waited for). Variables, functions, the directory and
files stay from one call to the next. Nothing here touches the real host.
"""

from __future__ import annotations

import functools
from collections import ChainMap
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from kubesim.cluster import Cluster
from kubesim.data_directory import DATA
from kubesim.doors import door
from kubesim.kubectl.kubeconfig import install as install_kubeconfig
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.network_files import open_connection
from kubesim.terminal.processes import show_containers
from kubesim.turn import Interrupted
from kubesim.userland.process import Completed, Program, Running, Start, Steps
from kubesim.userland.shell.dialect import INTERACTIVE_BASH, ShellSyntaxError
from kubesim.userland.shell.interpreter import Interpreter
from kubesim.userland.shell.parser import Parser
from kubesim.userland.shell.signals import Discard, FunctionReturn, Killed, LoopJump, ShellExit
from kubesim.userland.shell.state import State, shell_state
from kubesim.userland.shell.streams import Capture, Input

HOME = "/root"
PATIENCE = 120.0
"""Simulated seconds that a person waits for the cluster to settle before the next line."""
UNREACHABLE = 255
"""The status of ssh where the host is off."""
INTERRUPT = 900.0
"""Simulated seconds after which a command that still runs gets Ctrl-C."""


class Terminal:
    """A shell on one of the cluster's hosts, or on the laptop.

    :param on: ``master``, ``worker`` or ``laptop``.
    :param patience: simulated seconds to wait for the cluster after each line; 0 waits for nothing.
    :param interrupt: simulated seconds after which a command is interrupted; its status is then 130.
    :raises LookupError: if there is no such host.
    """

    def __init__(
        self, cluster: Cluster, on: str = "master", *, patience: float = PATIENCE, interrupt: float = INTERRUPT
    ) -> None:
        self.cluster = cluster
        self.gate = cluster.gate
        self.on = on
        self.patience = patience
        self.interrupt = interrupt
        self._out, self._error, self._screen = Capture(terminal=True), Capture(), list[str]()
        how = {"on": on, "patience": patience, "interrupt": interrupt}
        self.gate.call(cluster.caller, "open", self._open, ("Terminal",), how)

    def _open(self) -> None:
        """Sit down at the host and start a shell."""
        self.machine = self._host(self.on)
        state = shell_state(Start(("bash",), self.machine, "", self.machine.environment, HOME), "bash", (), 2000)
        self._shell = Interpreter(self.machine, INTERACTIVE_BASH, state, {}, opener=open_connection, from_option=False)
        self.caller = self.cluster.admit("terminal", self)

    def _host(self, on: str) -> Machine:
        host = self.cluster.machine(on if "/" in on or on not in self._nodes() else f"node/{on}")
        own: dict[str, Program] = {"kubectl": functools.partial(_kubectl, cluster=self.cluster)}
        machine = replace(host, programs=ChainMap(own, cast("MutableMapping[str, Program]", host.programs)))
        if host.name.startswith("node/"):
            show_containers(machine, self.cluster, host.name.removeprefix("node/"), self.cluster.images)
        for path in sorted((DATA / "manifests").glob("*.yaml")):
            place = f"{HOME}/{path.name}"
            if not machine.files.exists(place):
                machine.files.write(place, Path(path).read_text(encoding="utf-8"))
        install_kubeconfig(machine.files, self.cluster.configuration)
        if not machine.files.exists("/usr/local/bin/kubectl"):
            machine.files.make_directory("/usr/local/bin", parents=True)
            machine.files.write("/usr/local/bin/kubectl", "", mode=0o755)
        return machine

    def _nodes(self) -> set[str]:
        return {node["metadata"]["name"] for node in self.cluster.store.list("Node")}

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
        lines = list(_complete_lines(text.replace("\r\n", "\n"))) or [("", 1)]
        for position, (line, number) in enumerate(lines, 1):
            self._screen = shown
            done, goes_on = self.type_line(line, number, begins=position == 1, ends=position == len(lines))
            yield done
            if not goes_on:
                return

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
            self._out, self._error = Capture(terminal=True), Capture()
            shell.machine = self.machine
            shell.descriptors = {0: Input(), 1: self._out, 2: self._error}
            shell.commands = 0
            shell.clock = self.cluster.simulation.now
        self._out.screen = self._error.screen = self._screen
        started = self.cluster.simulation.now
        goes_on = self._parse_and_run(Parser(line, INTERACTIVE_BASH, number, shell.aliases))
        if ends or not goes_on:
            shell.show_jobs(self.cluster.simulation.now)
        passed = self.cluster.simulation.now - started
        return Completed(self._out.take(), self._error.take(), shell.state.status, passed), goes_on

    def _parse_and_run(self, parser: Parser) -> bool:
        """Read and carry out one line; whether the next is read."""
        shell = self._shell
        if self.machine.name not in self.cluster.network.topology:
            self._error.write(f"ssh: connect to host {self.machine.hostname} port 22: No route to host\n")
            shell.state.status = UNREACHABLE
            return False
        try:
            parsed = parser.next()
        except ShellSyntaxError as problem:
            self._error.write(INTERACTIVE_BASH.syntax_error("bash", problem, from_option=False))
            shell.state.status = 2
            return False
        except RecursionError:
            self._error.write("bash: maximum nesting level exceeded\n")
            shell.state.status = 2
            return False
        for warning in parser.lexer.warnings:
            self._error.write(f"bash: {warning}\n")
        return parsed is not None and self._line(shell.command_list(parsed), self._out)

    def _line(self, steps: Steps, out: Capture) -> bool:
        """Carry out one line; whether the next is read."""
        shell = self._shell
        goes_on = True
        try:
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
        except Interrupted:
            out.write("^C\n")
            shell.state.status = 130
            goes_on = False
        except RecursionError:
            shell.write("bash: maximum nesting level exceeded\n", 2)
            shell.state.status = 2
        shell.quiet = 0
        if self.patience > 0:
            self.cluster.settle(self.patience)
            shell.show_jobs(self.cluster.simulation.now)
        return goes_on

    def _drive(self, steps: Steps) -> int:
        """Let the simulation go on for as long as each command takes."""
        limit = self.cluster.simulation.now + self.interrupt
        while True:
            try:
                event = next(steps)
            except StopIteration as stop:
                return int(stop.value or 0)
            if isinstance(event, Running):
                continue
            left = limit - self.cluster.simulation.now
            if event > left:
                if left > 0:
                    self.cluster.advance(left)
                steps.close()
                raise Interrupted
            self.cluster.advance(event)


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


def _kubectl(invocation: Invocation, *, cluster: Cluster) -> Completed:
    """``kubectl``: the time that it waited for has passed already; it is loaded when it is first typed."""
    from kubesim.kubectl import main as kubectl

    before = cluster.simulation.now
    stdin = invocation.stdin if _reads_stdin(invocation.argv) else ""
    files, environment = invocation.machine.files, invocation.environment
    place = (files, stdin, invocation.directory, environment)
    done = kubectl.run(invocation.argv, cluster, *place, invocation.limit)
    return replace(done, seconds=max(0.0, done.seconds - (cluster.simulation.now - before)))


def _reads_stdin(words: Sequence[str]) -> bool:
    """Whether kubectl reads its standard input (``-f -``, ``-i``); what it leaves, a loop's ``read`` has."""
    short = (word for word in words if word.startswith("-") and len(word) <= 3)
    return bool({"-", "-f-"} & set(words)) or any("i" in word for word in short)
