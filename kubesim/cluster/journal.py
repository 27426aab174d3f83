"""The journal of a cluster: what came through its doors, in order, from which the same cluster can be made again.

A run depends on nothing but the seed, the cluster's file and what is done to it; so a journal is as good as a copy of
the cluster, and it can be read. As a file it is lines of JSON: where it began, one line for each step, and a last line
that counts them.

Each step also notes what time it was afterwards and the version of the last write. A replay compares them: a step that
comes out otherwise (another version of kubesim, a file that the cluster file names has changed) ends it in words.
"""

from __future__ import annotations

import importlib
import json
import marshal
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.cluster.arguments import shown
from kubesim.cluster.configuration import ClusterConfiguration
from kubesim.data_directory import DATA
from kubesim.doors import is_door
from kubesim.simulation import EPOCH
from kubesim.turn import Cut

FORMAT = 1
"""Of the file; a change that older kubesims cannot read counts it up."""

OPENED = {"Terminal": "kubesim.terminal"}
"""What is opened on a cluster → where it lives: floors above this one, named here as a pickle names its classes."""

LONGEST_WORDS = 100
"""Characters of a step that its one line of description shows."""


class JournalError(ValueError):
    """A journal that cannot be written, read or followed; says why."""


class JournalWarning(UserWarning):
    """A journal that was followed, but not as one would wish: it breaks off, or is another version's."""


class Origin(msgspec.Struct, frozen=True):
    """Where a journal begins.

    :param objects: the dump that the cluster was filled from; None for a cluster that booted.
    :param obstacle: why the cluster cannot be made again; empty where it can.
    :param start: the moment on the calendar at which it begins.
    """

    seed: int
    configuration: ClusterConfiguration
    objects: Sequence[Wire] | None = None
    obstacle: str = ""
    start: datetime = EPOCH


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call that came through a door.

    :param caller: whose door: ``cluster``, ``server``, ``clock``, ``terminal/0``…
    :param problem: the name of the exception that it ended with; empty where it ended well.
    :param cuts: what in it Ctrl-C or the clock ended early.
    :param seconds: the simulated time afterwards.
    :param version: the resource version of the last write by then.
    """

    caller: str
    method: str
    arguments: list[Any] = []
    options: dict[str, Any] = {}
    problem: str = ""
    cuts: list[Cut] = []
    seconds: float
    version: str

    def __str__(self) -> str:
        if self.method == "type_line":
            return f"{self.caller} $ {str(self.arguments[0]).strip()}"
        given = [shown(each, LONGEST_WORDS) for each in self.arguments]
        given += [f"{name}={shown(each, LONGEST_WORDS)}" for name, each in self.options.items()]
        return f"{self.caller}.{self.method.lstrip('_')}({', '.join(given)})"


class Journal:
    """The steps of one cluster so far; it is the clerk at the cluster's gate.

    :param origin: where it begins.
    :param mark: says the simulated time and the version of the last write.
    """

    def __init__(self, origin: Origin, mark: Callable[[], tuple[float, str]]) -> None:
        self.origin = origin
        self._mark = mark
        self._lines: list[str] = []
        self._unwritten: list[tuple[bytes, str]] = []
        """The last calls, which are written as lines when somebody reads: how they began, and how they ended."""
        self._begun = b""
        self._obstacle = origin.obstacle

    def begins(self, caller: str, method: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        """Note a call, as a copy: its arguments may change while it runs."""
        step: dict[str, Any] = {"caller": caller, "method": method}
        if arguments:
            step["arguments"] = arguments
        if options:
            step["options"] = dict(options)
        try:
            self._begun = marshal.dumps(step)
        except ValueError:  # something else than Python's own plain values
            self._begun = marshal.dumps(self._text_of(len(self) + 1, step))

    def ends(self, problem: BaseException | None, cuts: Sequence[Cut]) -> None:
        """Note how the call ended."""
        seconds, version = self._mark()
        after: dict[str, Any] = {"problem": type(problem).__name__} if problem is not None else {}
        if cuts:
            after["cuts"] = cuts
        after |= {"seconds": seconds, "version": version}
        self._unwritten.append((self._begun, json.dumps(after, separators=(",", ":"))))

    def _text_of(self, number: int, step: dict[str, Any]) -> str:
        """How a call began, as its line begins."""
        try:
            return json.dumps(step, default=_plain, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            bare = {"caller": step["caller"], "method": step["method"]}
            named = f"step {number} ({step['caller']}.{step['method']})"
            self._obstacle = self._obstacle or f"{named} had what no file holds: {error}"
            return json.dumps(bare, separators=(",", ":"))

    def _written(self) -> list[str]:
        """The lines of all steps."""
        for begun, after in self._unwritten:
            noted = marshal.loads(begun)
            text = noted if isinstance(noted, str) else self._text_of(len(self._lines) + 1, noted)
            self._lines.append(f"{text[:-1]},{after[1:]}")
        self._unwritten.clear()
        return self._lines

    def __len__(self) -> int:
        return len(self._lines) + len(self._unwritten)

    def __iter__(self) -> Iterator[Step]:
        return (_step(line) for line in self._written())

    def text(self) -> str:
        """The journal as a file holds it.

        :raises JournalError: where something was done that no file can hold.
        """
        self.demand_whole()
        lines = [json.dumps(_heading(self.origin)), *self._written(), json.dumps({"steps": len(self)})]
        return "\n".join([*lines, ""])

    def demand_whole(self) -> None:
        """Make sure that the journal tells everything.

        :raises JournalError: where it does not; says why.
        """
        self._written()
        if self._obstacle:
            raise JournalError(f"a journal must hold everything that was done to its cluster, but {self._obstacle}")

    def __repr__(self) -> str:
        return "\n".join(f"{number:4} {step}" for number, step in enumerate(self, 1))


def _plain(value: Any) -> Any:
    """What stands in a journal for an argument that JSON does not know."""
    if isinstance(value, ResourceType):
        return value.qualified
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (range, set, frozenset)):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__}")


def _step(line: str) -> Step:
    return msgspec.convert(json.loads(line), Step)


def version() -> str:
    """The version of the installed kubesim; empty where it is not installed."""
    try:
        return metadata.version("kubesim")
    except metadata.PackageNotFoundError:
        return ""


def _heading(origin: Origin) -> dict[str, Any]:
    document = msgspec.to_builtins(origin.configuration)
    directory = Path(document.pop("directory") or DATA / "clusters")
    own = directory.is_relative_to(DATA)
    heading = {"journal": FORMAT, "kubesim": version(), "seed": origin.seed, "cluster": document}
    heading["directory"] = f"data/{directory.relative_to(DATA).as_posix()}" if own else str(directory)
    if origin.start != EPOCH:
        heading["start"] = origin.start.isoformat()
    return heading if origin.objects is None else heading | {"objects": origin.objects}


def load(path: Path) -> tuple[Origin, list[Step]]:
    """Read a journal's file. One that breaks off is read up to its last whole step, with a :class:`JournalWarning`.

    :raises JournalError: where it is no journal, or one of a kind that this kubesim does not read.
    """
    try:
        first, *lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    except OSError as error:
        raise JournalError(f"a journal must be a file that can be read, got {str(path)!r}: {error.strerror}") from None
    origin = _origin(first, str(path))
    steps: list[Step] = []
    for number, line in enumerate(lines, 1):
        try:
            steps.append(_step(line))
        except ValueError as error:
            if number < len(lines):
                raise JournalError(f"line {number + 1} of {path} must be a step, got {line!r:.80}: {error}") from None
            if line == json.dumps({"steps": len(steps)}):
                return origin, steps
    words = f"{path} breaks off: it is followed to its last whole step, number {len(steps)}"
    warnings.warn(words, JournalWarning, stacklevel=3)
    return origin, steps


def _origin(first: str, path: str) -> Origin:
    try:
        heading = json.loads(first)
        written, by = heading["journal"], heading["kubesim"]
    except (ValueError, TypeError, KeyError):
        raise JournalError(f"a journal must begin with the kubesim that wrote it, {path} does not") from None
    if written != FORMAT:
        raise JournalError(
            f"a journal must be of format {FORMAT}, {path} is of format {written}, written by kubesim {by}; "
            f"this is kubesim {version()}: install {by} to follow it"
        )
    if by != version():
        words = f"{path} was written by kubesim {by} and is followed by {version()}, step by step as long as they agree"
        warnings.warn(words, JournalWarning, stacklevel=4)
    place = str(heading.get("directory", ""))
    directory = DATA / place.removeprefix("data/") if place.startswith("data/") else Path(place)
    if not directory.is_dir():
        raise JournalError(f"{path} is of a cluster whose file's folder must be {place}, there is none")
    configuration = ClusterConfiguration.from_document(heading.get("cluster"), directory)
    try:
        start = datetime.fromisoformat(heading.get("start", EPOCH.isoformat()))
    except (TypeError, ValueError):
        raise JournalError(f"a journal must begin at a moment, {path} does at {heading['start']!r}") from None
    return Origin(heading.get("seed", 0), configuration, heading.get("objects"), start=start)


def replay(cluster: Any, steps: Iterable[Step]) -> Iterator[tuple[Step, Any]]:
    """Do each step again, and say what came of it: what its door returned, or the exception that it raised.

    :param cluster: the cluster, at the moment before the first step.
    :raises JournalError: where a step comes out otherwise than when it was noted.
    """
    for number, step in enumerate(steps, 1):
        run = _again(cluster, step, number)
        outcome: Any
        cluster.turn.plan(step.cuts)
        try:
            outcome = run()
            problem = ""
        except Exception as error:
            outcome, problem = error, type(error).__name__
        except KeyboardInterrupt as error:
            if step.problem != type(error).__name__:  # pressed now, by whoever waits for the replay
                raise
            outcome, problem = error, step.problem
        seconds, version = cluster.simulation.now, cluster.store.resource_version
        if (problem, seconds, version) != (step.problem, step.seconds, step.version):
            raise JournalError(
                f"step {number} ({step}) must come out as it was noted: {step.problem or 'well'} at {step.seconds} s, "
                f"version {step.version}; it came out {problem or 'well'} at {seconds} s, version {version}"
            ) from (outcome if isinstance(outcome, BaseException) else None)
        yield step, outcome


def _again(cluster: Any, step: Step, number: int) -> Callable[[], Any]:
    """The call that a step is of."""
    callers = {"cluster": cluster, "server": cluster.api, "clock": cluster.simulation, **cluster.guests}
    arguments, options = list(step.arguments), dict(step.options)
    if step.method == "open" and arguments[:1] and arguments[0] in OPENED:
        opened = getattr(importlib.import_module(OPENED[arguments[0]]), arguments[0])
        return lambda: opened(cluster, **options)
    method = getattr(callers.get(step.caller), step.method, None)
    if method is None or not is_door(method):
        raise JournalError(f"step {number} must be of a door that this kubesim has, got {step.caller}.{step.method}")
    if step.caller == "server" and step.method in ("patch", "delete"):
        if arguments:
            arguments[0] = cluster.api.resource_type(arguments[0])
        else:
            options["resource"] = cluster.api.resource_type(options["resource"])
    return lambda: method(*arguments, **options)
