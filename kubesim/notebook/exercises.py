"""Exercises that check themselves by outcome: what can now reach what.

An exercise is a file in ``data/exercises``: a story, commands that break a cluster, probes that must come out as told,
things that must still be there, three hints, and solutions. Any repair that makes the probes pass is right; deleting
the Service, or calling the Pod's address, is not. Each exercise has a cluster of its own, so that nothing a learner
does there disturbs the chapter.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kubesim.api.errors import ApiError
from kubesim.api.objects import Node, Pod, Service
from kubesim.cluster import Cluster
from kubesim.data_directory import DATA, read_yaml
from kubesim.notebook.progress import note_solved
from kubesim.terminal import Terminal
from kubesim.views.journey import Journey

if TYPE_CHECKING:
    import pandas

DIRECTORY = DATA / "exercises"
"""Where the exercises are."""

PLACEHOLDER = re.compile(r"\{[a-z]+(?:/[a-z0-9-]+)?\}")
TOOLS = (
    "`lab.check()` looks at it, `lab.cluster.diagnose(who, url)` follows a request and says why it fails, `lab.hint()` "
    "helps, `lab.solution()` shows one way, `lab.reset()` begins again."
)
"""What one can do with the exercise in a notebook's variable ``lab``."""

PLACEHOLDER_KINDS = {"pod": "Pod", "node": "Node", "service": "Service", "loadbalancer": "Service"}


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request that must come out as told.

    :param source: the machine that asks: ``pod/client``, ``node/worker``, ``laptop``.
    :param url: what it asks for; ``{pod/web}``, ``{service/web}``, ``{node/master}``, ``{loadbalancer/web}`` stand for
        addresses.
    :param reaches: every endpoint must be one of these Pods (a name, or the start of one before ``*``); empty where the
        request must fail.
    :param outcome: how it must end.
    :param every: whether every Pod of ``reaches`` must be among the endpoints.
    :param sees: what the server must see as the client's address; empty where that does not matter.
    """

    source: str
    url: str
    outcome: str = "delivered"
    reaches: list[str] = []
    every: bool = False
    sees: str = ""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a repair must leave in place: the object, not replaced, and these fields as they are.

    :param fields: path → value, such as ``spec.type: NodePort``.
    """

    kind: str
    name: str
    namespace: str = "default"
    fields: dict[str, Any] = {}


class ExerciseFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of an exercise.

    :param gone: what must no longer be there.
    :param why: two sentences for who has solved it: the mechanism, with the objects' own names.
    :param after: what to remember, or to look at next.
    """

    title: str
    story: str
    setup: str
    probes: list[Probe]
    hints: list[str]
    solutions: list[str]
    why: str
    after: str
    keep: list[Kept] = []
    gone: list[Kept] = []
    cheats: list[str] = []
    host: str = "master"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check."""

    what: str
    expected: str
    observed: str
    passed: bool


@dataclass(frozen=True)
class Check:
    """What a check found; where all is well, also why."""

    findings: tuple[Finding, ...]
    why: str
    after: str

    @property
    def solved(self) -> bool:
        """Whether every finding passes."""
        return all(finding.passed for finding in self.findings)

    def table(self) -> pandas.DataFrame:
        """One row a finding."""
        import pandas  # slow to load: only when a table is asked for

        marks = ["✓" if finding.passed else "✗" for finding in self.findings]
        rows = [[finding.what, finding.expected, finding.observed] for finding in self.findings]
        return pandas.DataFrame(rows, columns=["what", "must be", "is"], index=marks, dtype=object)

    def __repr__(self) -> str:
        praise = f"\nSolved. {self.why}\nNext: {self.after}" if self.solved else ""
        return f"{self.table().to_string()}{praise}"

    def _repr_html_(self) -> str:
        praise = ""
        if self.solved:
            praise = f'<p role="status"><b>Solved.</b> {_marked(self.why)}</p><p><b>Next:</b> {_marked(self.after)}</p>'
        import pandas

        with pandas.option_context("display.max_colwidth", None):
            return f"{self.table().to_html()}{praise}"


class Exercise:
    """One exercise with a cluster of its own, broken and waiting.

    :param name: the file's name in ``data/exercises``, without ``.yaml``.
    :raises FileNotFoundError: if there is no such exercise.
    """

    def __init__(self, name: str, directory: Path = DIRECTORY) -> None:
        self.name = name
        self.file = self.read(name, directory)
        self.reset()

    @staticmethod
    def read(name: str, directory: Path) -> ExerciseFile:
        """Read an exercise's file.

        :raises FileNotFoundError: if there is no such exercise.
        """
        path = directory / f"{name}.yaml"
        if not path.is_file():
            known = ", ".join(names(directory))
            raise FileNotFoundError(f"there is no exercise {name!r}; there are: {known}")
        return msgspec.convert(read_yaml(path), ExerciseFile)

    def reset(self) -> None:
        """Start again from the broken cluster."""
        self.cluster = Cluster()
        self.terminal = Terminal(self.cluster, on=self.file.host)
        for done in self.terminal.steps(self.file.setup):
            if done.returncode:
                raise RuntimeError(f"the set-up of exercise {self.name} failed: {done.stderr or done.stdout}")
        self.cluster.settle()
        self._kept = [self._uid(kept) for kept in self.file.keep]
        self._hints_given = 0

    def findings(self) -> list[Finding]:
        """Try every probe and look at everything that must still be there."""
        self.cluster.settle()
        tried = [self.try_probe(probe) for probe in self.file.probes]
        kept = [self._look(kept, uid) for kept, uid in zip(self.file.keep, self._kept, strict=True)]
        return [*tried, *kept, *map(self._look_away, self.file.gone)]

    @property
    def solved(self) -> bool:
        """Whether every finding passes."""
        return all(finding.passed for finding in self.findings())

    def check(self) -> Check:
        """The findings as a table; the exercise is solved when every row says ✓, and then it says why."""
        checked = Check(tuple(self.findings()), self.file.why, self.file.after)
        if checked.solved:
            note_solved(self.name)
        return checked

    def hint(self) -> Text:
        """The next hint: where to look, then what to compare, then the command."""
        number = min(self._hints_given, len(self.file.hints) - 1)
        self._hints_given += 1
        return Text(f"Hint {number + 1} of {len(self.file.hints)}: {self.file.hints[number]}")

    def solution(self) -> Folded:
        """One solution, folded away until it is clicked."""
        return Folded("One solution (try first)", self.file.solutions[0].strip())

    def try_probe(self, probe: Probe) -> Finding:
        """Send one probe's request and judge it."""
        if probe.sees:
            probe = msgspec.structs.replace(probe, sees=self._filled_in(probe.sees) or probe.sees)
        expected = _expectation(probe)
        url = self._filled_in(probe.url)
        if url is None:
            return Finding(f"{probe.source} → {_in_words(probe.url)}", expected, "there is no such address", False)
        journey = self.cluster.connect(probe.source, url)
        endpoints = sorted({_short(trace.destination) for trace in journey.alternatives})
        observed = journey.outcome
        if journey.reached:
            observed = f"delivered to {', '.join(endpoints)}" + (f", seen as {journey.seen_from}" if probe.sees else "")
        return Finding(f"{probe.source} → {url}", expected, observed, _meets(probe, journey, endpoints))

    def _filled_in(self, text: str) -> str | None:
        """A text with its ``{pod/web}``, ``{service/web}``… replaced by addresses; None where one is missing."""
        addresses = {place: self._address(*place[1:-1].partition("/")[::2]) for place in PLACEHOLDER.findall(text)}
        for place, address in addresses.items():
            text = text.replace(place, address)
        return text if all(addresses.values()) else None

    def _address(self, kind: str, name: str) -> str:
        if kind == "laptop":
            return self.cluster.network.address("laptop")
        try:
            found = self.cluster.get(PLACEHOLDER_KINDS[kind], name)
        except ApiError:
            return ""
        match found:
            case Pod():
                return found.status.podIP
            case Node():
                return next(entry.address for entry in found.status.addresses or [] if entry.type == "InternalIP")
            case Service() if kind == "loadbalancer":
                return next((entry.ip for entry in found.status.loadBalancer.ingress or []), "")
            case Service():
                return found.spec.clusterIP
        return ""

    def _look(self, kept: Kept, uid: str) -> Finding:
        what = f"{kept.kind} {kept.name}"
        wanted = ", ".join(["still there", *(f"{path}: {value}" for path, value in kept.fields.items())])
        wire = self._wire(kept)
        if wire is None:
            return Finding(what, wanted, "gone", False)
        if wire["metadata"]["uid"] != uid:
            return Finding(what, wanted, "deleted and made again", False)
        found = {path: _at(wire, path) for path in kept.fields}
        observed = ", ".join(["still there", *(f"{path}: {value}" for path, value in found.items())])
        return Finding(what, wanted, observed, found == kept.fields)

    def _look_away(self, gone: Kept) -> Finding:
        there = self._wire(gone) is not None
        return Finding(f"{gone.kind} {gone.name}", "gone", "still there" if there else "gone", not there)

    def _uid(self, kept: Kept) -> str:
        wire = self._wire(kept)
        return wire["metadata"]["uid"] if wire else ""

    def _wire(self, kept: Kept) -> dict[str, Any] | None:
        try:
            return self.cluster.api.get(self.cluster.api.resource_type(kept.kind), kept.name, kept.namespace)
        except ApiError:
            return None

    def _repr_markdown_(self) -> str:
        return f"### Exercise: {self.file.title}\n\n{self.file.story}\n{TOOLS}"

    def __repr__(self) -> str:
        return f"Exercise: {self.file.title}\n\n{self.file.story.strip()}\n\n{TOOLS}"


def names(directory: Path = DIRECTORY) -> list[str]:
    """The names of all exercises, in order."""
    return sorted(path.stem for path in directory.glob("*.yaml"))


class Text(str):
    """A string that a notebook shows without quotes."""

    def __repr__(self) -> str:
        return str(self)


class Folded:
    """Text that a notebook shows folded away, and a terminal in full."""

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text

    def __repr__(self) -> str:
        return f"{self.title}:\n{self.text}"

    def _repr_html_(self) -> str:
        return f"<details><summary>{html.escape(self.title)}</summary><pre>{html.escape(self.text)}</pre></details>"


def _in_words(url: str) -> str:
    """A URL whose address there is not (yet): ``http://(address of loadbalancer shop):8080``."""
    return PLACEHOLDER.sub(lambda place: f"(address of {place[0][1:-1].replace('/', ' ')})", url)


def _marked(text: str) -> str:
    """Text as HTML, with what stands in backquotes as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _expectation(probe: Probe) -> str:
    if probe.outcome != "delivered":
        return probe.outcome
    text = "delivered"
    if probe.reaches and probe.reaches != ["*"]:
        text += f" to {' and '.join(probe.reaches) if probe.every else ' or '.join(probe.reaches)}"
    return text + (f", seen as {probe.sees}" if probe.sees else "")


def _meets(probe: Probe, journey: Journey, endpoints: list[str]) -> bool:
    if journey.outcome != probe.outcome:
        return False
    if not journey.reached or not probe.reaches:
        return True
    if not all(trace.outcome == journey.outcome for trace in journey.alternatives):
        return False
    fits = all(any(_matches(endpoint, wanted) for wanted in probe.reaches) for endpoint in endpoints)
    complete = not probe.every or all(
        any(_matches(endpoint, wanted) for endpoint in endpoints) for wanted in probe.reaches
    )
    return fits and complete and probe.sees in ("", journey.seen_from)


def _matches(endpoint: str, wanted: str) -> bool:
    return endpoint.startswith(wanted[:-1]) if wanted.endswith("*") else endpoint == wanted


def _short(machine: str) -> str:
    return machine.rpartition("/")[2]


def _at(wire: Any, path: str) -> Any:
    for part in path.split("."):
        wire = wire.get(part) if isinstance(wire, dict) else None
    return wire
