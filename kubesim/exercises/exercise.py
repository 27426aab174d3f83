"""Exercises that check themselves by outcome: what can now reach what.

An exercise is a file (:mod:`kubesim.exercises.files`): a story, commands that break a cluster, probes that must come
out as told, things that must still be there, three hints, and solutions. Any repair that makes the probes pass is
right; deleting the Service, or calling the Pod's address, is not. Each exercise has a cluster of its own, so that
nothing a learner does there disturbs the chapter.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from kubesim.api.errors import ApiError
from kubesim.api.objects import Node, Pod, Service
from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.cluster.journal import load, replay
from kubesim.exercises.check import Check, Finding, Folded, Text, holds
from kubesim.exercises.files import CLINIC, EXERCISES, ExerciseFile, Kept, Probe, Seen, Step, read
from kubesim.exercises.progress import note_hints, note_solved
from kubesim.terminal import Terminal
from kubesim.views.journey import Journey

PLACEHOLDER_KINDS = {
    "pod": "Pod",
    "node": "Node",
    "service": "Service",
    "loadbalancer": "Service",
    "nodeport": "Service",
}
PLACEHOLDER = re.compile(r"\{(?:laptop|(?:" + "|".join(PLACEHOLDER_KINDS) + r")(?:/[a-z0-9.-]+){1,2})\}")
TOOLS = (
    "`lab.check()` looks at it, `lab.cluster.diagnose(who, url)` follows a request and says why it fails, `lab.hint()` "
    "helps, `lab.solution()` shows one way, `lab.reset()` begins again."
)
"""What one can do with the exercise in a notebook's variable ``lab``."""

DENIAL_SECONDS = 30.0
"""How long CoreDNS' plugin ``cache`` keeps an answer that a name does not exist, as k3s configures it."""

LONGEST_SEEN = 100
"""Characters of a line, and of its output, that a finding shows."""


class Exercise:
    """One exercise with a cluster of its own, broken and waiting.

    :param name: the file's name in ``data/exercises``, without ``.yaml``.
    :param directory: where the file is.
    :param learner: whose variant it is.
    :param folder: where the learner's progress is kept; None takes the one where the notebook is.
    :raises FileNotFoundError: if there is no such exercise.
    """

    def __init__(self, name: str, directory: Path = EXERCISES, learner: str = "", folder: Path | None = None) -> None:
        self.name = name
        variant = read(name, directory, learner)
        self.file, self._seed = variant.file, variant.seed
        self._folder = folder
        self.hints_given = 0
        self.reset()

    def reset(self) -> None:
        """Start again from the broken cluster."""
        self.cluster = Cluster(_configuration(self.file), seed=self._seed)
        self.terminal = Terminal(self.cluster, on=self.file.host)
        self._others: dict[str, Terminal] = {}
        for step in self.file.steps:
            self._take(step)
        self.cluster.settle()
        self._kept = [self._uid(kept) for kept in self.file.keep]
        self.hints_given = 0

    def _take(self, step: Step) -> None:
        """One step of the set-up."""
        if step.loses:
            self.cluster.fail_node(step.loses)
        elif step.hangs:
            self.cluster.suspend(self._named(step.hangs), ports=step.ports or None)
        elif step.passes:
            self.cluster.advance(step.passes)
        else:
            for done in self._terminal(step.source).steps(self.filled_in(step.types) or step.types):
                if done.returncode:
                    raise RuntimeError(f"the set-up of exercise {self.name} failed: {done.stderr or done.stdout}")

    def _named(self, pod: str) -> str:
        """A Pod's full name; ``*`` at the end stands for whatever its controller chose."""
        namespace, _, name = pod.partition("/")
        found = [each.metadata.name for each in self.cluster.store.views(Pod, namespace)]
        return f"{namespace}/{next(each for each in found if _matches(each, name))}"

    def _terminal(self, host: str) -> Terminal:
        """The terminal on which a line of the file is typed; the learner's own where no other host is meant."""
        if host in ("", self.file.host):
            return self.terminal
        if host not in self._others:
            self._others[host] = Terminal(self.cluster, on=host)
        return self._others[host]

    def resume(self, journal: Path) -> None:
        """Do again what a saved journal of this exercise tells beyond its set-up.

        :raises ValueError: where the file is no journal of this exercise, or comes out otherwise than it was saved.
        """
        _, steps = load(journal)
        begun = [*self.cluster.journal]
        if steps[: len(begun)] != begun:
            raise ValueError(f"{journal} must be of the exercise {self.name} as it is drawn here, it is of another")
        for _ in replay(self.cluster, steps[len(begun) :]):
            pass

    def findings(self) -> list[Finding]:
        """Try every probe and look at everything that must still be there."""
        self.cluster.settle()
        tried = [self.try_probe(probe) for probe in (*self.file.probes, *self.file.still)]
        kept = [self._look(kept, uid) for kept, uid in zip(self.file.keep, self._kept, strict=True)]
        return [*tried, *kept, *map(self._look_away, self.file.gone)]

    @property
    def solved(self) -> bool:
        """Whether every finding passes."""
        return all(finding.passed for finding in self.findings())

    def check(self) -> Check:
        """The findings as a table; the exercise is solved when every row says ✓, and then it says why.

        What fails is tried once more after half a minute of the cluster's time: so long a DNS server remembers that it
        had no such name.
        """
        findings = self.findings()
        if not all(finding.passed for finding in findings):
            self.cluster.advance(DENIAL_SECONDS)
            findings = self.findings()
        checked = Check(tuple(findings), self.notes)
        if checked.solved:
            note_solved(self.name, self._folder)
        return checked

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """The debrief: why it was broken, on what that rests, how ``diagnose`` says it, what to remember."""
        said = [("Solved.", self.file.why)]
        if self.file.rests_on:
            said.append(("It rests on:", self.file.rests_on))
        if self.file.diagnosis is not None:
            says = self.file.diagnosis.says
            source, url = self.asked
            call = f'`cluster.diagnose("{source}", "{url}")`'
            sees = f"called it `{says}`" if says != "delivered" else "saw the request delivered"
            said.append(("Diagnose:", f"{call} {sees}."))
        return (*said, ("Next:", self.file.after))

    @property
    def asked(self) -> tuple[str, str]:
        """Who asks for what, in the request that the story is about: what ``cluster.diagnose`` takes.

        :raises LookupError: where it is about none.
        """
        asked = self.file.diagnosis
        if asked is None:
            raise LookupError(f"the story of {self.name} must be about a request, it is about none")
        return asked.source, self.filled_in(asked.url) or asked.url

    def symptom(self) -> Text:
        """What the reader of the story saw, as they saw it: each line that was typed and what it showed."""
        lines = []
        for seen in self.file.symptom:
            lines.append(f"{seen.source or self.file.host}$ {self.filled_in(seen.types) or seen.types}")
            lines.append((self.filled_in(seen.shows) or seen.shows).rstrip("\n"))
        return Text("\n".join(line for line in lines if line))

    def shown(self, seen: Seen) -> str:
        """What a line of the symptom shows now."""
        return self._terminal(seen.source).screen(self.filled_in(seen.types) or seen.types)

    def hint(self) -> Text:
        """The next hint: where to look, then what to compare, then the command."""
        number = min(self.hints_given, len(self.file.hints) - 1)
        self.hints_given += 1
        if self.file.level:
            note_hints(self.name, number + 1, self._folder)
        return Text(f"Hint {number + 1} of {len(self.file.hints)}: {self.file.hints[number]}")

    def solution(self) -> Folded:
        """One solution, folded away until it is clicked."""
        return Folded("One solution (try first)", self.file.solutions[0].strip())

    def try_probe(self, probe: Probe) -> Finding:
        """Send one probe's request, or type its line, and judge what comes."""
        return self._type(probe) if probe.types else self._ask(probe)

    def _type(self, probe: Probe) -> Finding:
        expected = probe.means or f"shows {probe.shows}"
        line = self.filled_in(probe.types)
        typed = (line or _in_words(probe.types)).strip()
        shortened = typed if len(typed) <= LONGEST_SEEN else f"{typed[: LONGEST_SEEN - 1]}…"
        what = f"{probe.source or self.file.host}$ {shortened}"
        if line is None:
            return Finding(what, expected, "there is no such address", False)
        shown = self._terminal(probe.source).screen(line)
        last = next((text for text in reversed(shown.splitlines()) if text.strip()), "(nothing)")
        return Finding(what, expected, last[:LONGEST_SEEN], holds(self.filled_in(probe.shows) or probe.shows, shown))

    def _ask(self, probe: Probe) -> Finding:
        if probe.sees:
            probe = msgspec.structs.replace(probe, sees=self.filled_in(probe.sees) or probe.sees)
        expected = _expectation(probe)
        url = self.filled_in(probe.url)
        if url is None:
            return Finding(f"{probe.source} → {_in_words(probe.url)}", expected, "there is no such address", False)
        try:
            journey = self.cluster.connect(probe.source, url)
        except LookupError as problem:  # who should ask is not there
            return Finding(f"{probe.source} → {url}", expected, str(problem.args[0]), False)
        endpoints = sorted({_short(trace.destination) for trace in journey.alternatives})
        observed = journey.outcome
        if journey.reached:
            observed = f"delivered to {', '.join(endpoints)}" + (f", seen as {journey.seen_from}" if probe.sees else "")
        return Finding(f"{probe.source} → {url}", expected, observed, _meets(probe, journey, endpoints))

    def filled_in(self, text: str) -> str | None:
        """A text with its ``{pod/web}``, ``{service/web}``… replaced by addresses; None where one is missing."""
        addresses = {place: self._address(*place[1:-1].partition("/")[::2]) for place in PLACEHOLDER.findall(text)}
        for place, address in addresses.items():
            text = text.replace(place, address)
        return text if all(addresses.values()) else None

    def _address(self, kind: str, name: str) -> str:
        if kind == "laptop":
            return self.cluster.network.address("laptop")
        namespace, _, name = name.rpartition("/")
        try:
            found = self.cluster.get(PLACEHOLDER_KINDS[kind], name, namespace or "default")
        except ApiError:
            return ""
        match found:
            case Pod():
                return found.status.podIP
            case Node():
                return next(entry.address for entry in found.status.addresses or [] if entry.type == "InternalIP")
            case Service() if kind == "loadbalancer":
                return next((entry.ip for entry in found.status.loadBalancer.ingress or []), "")
            case Service() if kind == "nodeport":
                return next((str(port.nodePort) for port in found.spec.ports or [] if port.nodePort), "")
            case Service():
                return found.spec.clusterIP
        return ""

    def _look(self, kept: Kept, uid: str) -> Finding:
        what = _called(kept)
        wanted = ", ".join(["still there", *(f"{path}: {value}" for path, value in kept.fields.items())])
        wire = self._wire(kept)
        if wire is None:
            return Finding(what, wanted, "gone", False)
        if kept.same and wire["metadata"]["uid"] != uid:
            return Finding(what, wanted, "deleted and made again", False)
        found = {path: _at(wire, path) for path in kept.fields}
        observed = ", ".join(["still there", *(f"{path}: {value}" for path, value in found.items())])
        return Finding(what, wanted, observed, found == kept.fields)

    def _look_away(self, gone: Kept) -> Finding:
        there = self._wire(gone) is not None
        return Finding(_called(gone), "gone", "still there" if there else "gone", not there)

    def _uid(self, kept: Kept) -> str:
        wire = self._wire(kept)
        return wire["metadata"]["uid"] if wire else ""

    def _wire(self, kept: Kept) -> dict[str, Any] | None:
        try:
            return self.cluster.api.get(self.cluster.api.resource_type(kept.kind), kept.name, kept.namespace)
        except ApiError:
            return None

    def _repr_markdown_(self) -> str:
        seen = f"\n\n```\n{self.symptom()}\n```\n\n" if self.file.symptom else "\n"
        return f"### {self._heading}: {self.file.title}\n\n{self.file.story.rstrip()}{seen}{TOOLS}"

    @property
    def _heading(self) -> str:
        return f"Case {self.name}, level {self.file.level}" if self.file.level else "Exercise"

    def __repr__(self) -> str:
        return f"{self.told()}\n\n{TOOLS}"

    def told(self) -> str:
        """The heading, the story and the symptom, for a terminal."""
        seen = f"\n\n{self.symptom()}" if self.file.symptom else ""
        return f"{self._heading}: {self.file.title}\n\n{self.file.story.strip()}{seen}"


def _called(kept: Kept) -> str:
    """An object as a finding names it, with its namespace where that is not the learner's own."""
    return f"{kept.kind} {kept.name}" + (f" in {kept.namespace}" if kept.namespace != "default" else "")


def case(name: str, learner: str = "", folder: Path | None = None) -> Exercise:
    """A case of the clinic, as it is drawn for a learner.

    :param name: the file's name in ``data/clinic``, without ``.yaml``.
    :raises FileNotFoundError: if there is no such case.
    """
    return Exercise(name, CLINIC, learner, folder)


def _configuration(file: ExerciseFile) -> ClusterConfiguration:
    """The cluster file that an exercise wants: the course's own with its fields."""
    own = ClusterConfiguration.load()
    if not file.cluster:
        return own
    return msgspec.convert(_merged(msgspec.to_builtins(own), file.cluster), ClusterConfiguration)


def _merged(base: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    deeper = {key: _merged(base[key], value) for key, value in fields.items() if isinstance(value, dict)}
    return base | fields | deeper


def _in_words(url: str) -> str:
    """A URL whose address there is not (yet): ``http://(address of loadbalancer shop):8080``."""
    return PLACEHOLDER.sub(lambda place: f"(address of {place[0][1:-1].replace('/', ' ')})", url)


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
