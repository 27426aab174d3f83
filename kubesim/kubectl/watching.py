"""Letting simulated time pass: until something is true (``wait``, ``delete``), or printing what changes (``get -w``).

A real watch goes on until it is interrupted; here it follows the cluster for :data:`SECONDS` of simulated time (or for
``--request-timeout``), which pass at once for the person who waits. In the background (``&``) it goes on until it is
killed, and shows what changes beside what is typed.
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.durations import parse_duration
from kubesim.api.field_selectors import parse_field_selector, selectable_fields
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.api.selectors import parse_label_selector
from kubesim.api.tables import Column, Row, Table
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, SilentExit
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.output.formats import ObjectPrinter
from kubesim.kubectl.output.table_text import TableOptions, TablePrinter
from kubesim.kubectl.resource_arguments import Selection
from kubesim.userland.process import Running

PATIENCE = 600.0
"""Simulated seconds after which a wait without end is given up, as a person would with Ctrl-C."""

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended."""


def wait_until(call: Call, done: Callable[[], bool], timeout: float | None) -> bool:
    """Let time pass until ``done``.

    :param timeout: simulated seconds; None waits for ever, which ends after :data:`PATIENCE`.
    :returns: whether it became true in time.
    :raises SilentExit: when an endless wait is given up, or somebody ends the command.
    """
    simulation = call.simulation
    limit = PATIENCE if timeout is None else timeout
    left = call.killed_at - simulation.now
    if simulation.run_until(simulation.now + min(limit, left), done):
        return True
    if timeout is None and left >= limit:
        call.stderr.append("^C\n")
    if timeout is None or left < limit:
        raise SilentExit(INTERRUPTED)
    return False


SECONDS = 60.0
"""How long a watch lasts, in simulated seconds."""

STEP = 1.0
"""How often it looks, in simulated seconds; changes between two looks are shown one by one all the same."""


def wait_until_gone(call: Call, info: Info, uid: str, timeout: float | None) -> bool:
    """Let time pass until an object is gone, or another has its name; see :func:`wait_until`."""

    def gone() -> bool:
        now = call.api.find(info.type, info.name, info.namespace)
        return now is None or now["metadata"].get("uid") != uid

    return wait_until(call, gone, timeout)


def watch(
    call: Call, selection: Selection, printer: ObjectPrinter | None, options: Callable[[ResourceType], TableOptions]
) -> int:
    """Print the objects of one type and their changes.

    :raises KubectlError: for several types.
    """
    found, errors = selection.parted()
    if errors:
        raise errors[0]
    types = {info.type for info in found} or _asked(call)
    if len(types) > 1:
        raise KubectlError("you may only specify a single resource type")
    type = next(iter(types))
    follower = _Follower(call, type, printer, options(type), selection)
    if not call.flags.on("watch-only"):
        follower.show([("ADDED", info.object or {}) for info in found])
    if call.background and call.serve is not None:
        call.serve(follower.go_on())
    else:
        follower.follow(_limit(call))
    return 0


def _asked(call: Call) -> set[ResourceType]:
    return {resource_type(word) for word in call.arguments[:1]}


def _limit(call: Call) -> float:
    given = call.flags.text("request-timeout")
    if given in ("", "0"):
        return SECONDS
    try:
        return parse_duration(given if given[-1:].isalpha() else f"{given}s") or SECONDS
    except ValueError:
        return SECONDS


class _Follower:
    """Collects changes from the store and prints those that the selection covers."""

    def __init__(
        self, call: Call, type: ResourceType, printer: ObjectPrinter | None, options: TableOptions, selection: Selection
    ) -> None:
        self.call = call
        self.type = type
        self.printer = printer
        self.events = call.flags.on("output-watch-events")
        self.table = TablePrinter(options)
        self.names = set(call.arguments[1:]) if selection.named else None
        self.pending: list[tuple[str, Wire]] = []

    def show(self, changes: list[tuple[str, Wire]]) -> None:
        """Print objects, each after what happened to it where that was asked for."""
        if self.printer is not None:
            for event, wire in changes:
                self.printer({"object": wire, "type": event} if self.events else wire, self.call.stdout)
            return
        table = self.call.api.table(self.type, [wire for _, wire in changes], wide=True)
        if self.events:
            rows = zip(changes, table.rows, strict=True)
            table = Table(
                (Column("Event"), *table.columns),
                tuple(Row((event, *row.cells), row.object) for (event, _), row in rows),
            )
        self.call.stdout.append(self.table.print(table))

    def _watch(self, note: Callable[[str, Wire], object]) -> Callable[[], object]:
        everywhere = self.call.all_namespaces or not self.type.namespaced
        return self.call.api.watch(self.type, None if everywhere else self.call.namespace, note)

    def go_on(self) -> Running:
        """Print what changes for as long as nobody ends the process."""
        lines = "".join(self.call.stdout).splitlines()

        def note(event: str, wire: Wire) -> None:
            if self._covers(wire):
                self.call.stdout.clear()
                self.show([(event, wire)])
                lines.extend("".join(self.call.stdout).splitlines())

        return Running({}, lines, ended=self._watch(note))

    def follow(self, seconds: float) -> None:
        """Let simulated time pass and print what changes."""
        simulation = self.call.simulation
        stop = self._watch(self._note)
        end = min(simulation.now + seconds, self.call.killed_at)
        try:
            while simulation.now < end:
                simulation.advance(min(STEP, end - simulation.now))
                changes, self.pending = self.pending, []
                for change in changes:
                    self.show([change])
        finally:
            stop()

    def _note(self, event: str, wire: Wire) -> None:
        if self._covers(wire):
            self.pending.append((event, wire))

    def _covers(self, wire: Wire) -> bool:
        metadata = wire["metadata"]
        if self.names is not None:
            return metadata["name"] in self.names or not self.names
        labels, fields = self.call.flags.text("selector"), self.call.flags.text("field-selector")
        if labels and not parse_label_selector(labels).matches(metadata.get("labels") or {}):
            return False
        return not fields or parse_field_selector(fields).matches(selectable_fields(wire))
