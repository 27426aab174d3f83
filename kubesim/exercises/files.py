"""The files of exercises and cases: their fields, and how a variant is drawn from one.

A file of ``data/exercises`` or ``data/clinic`` is a template: ``<shop>`` stands for what is drawn for it, so that two
learners meet other names, other addresses and another guilty object. What is drawn depends on the file's name and the
learner's, and on nothing else. ``{service/web}`` stands for an address of the running cluster and is filled in later.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import msgspec

from kubesim.data_directory import DATA, read_yaml

EXERCISES = DATA / "exercises"
"""The chapters' exercises."""

CLINIC = DATA / "clinic"
"""The cases of the clinic."""

DRAWN = re.compile(r"<([a-z]+[0-9]?)>")
"""A place for what is drawn. Names that nothing is drawn for (``<none>``, ``<pending>``) stay as they are."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file: a field that does not exist is an error."""


class Draw(_Part, frozen=True):
    """Names that are drawn together, no two alike.

    :param names: what the file calls them: ``<NAME>`` in its texts.
    :param among: what there is to draw from; a text names a list of ``data/words.yaml``, or is a range such as
        ``30100-30200``.
    """

    names: list[str]
    among: list[str] | str


class Step(_Part, frozen=True):
    """One thing that is done to a new cluster: exactly one of ``types``, ``loses``, ``hangs`` and ``passes``.

    :param types: what is typed at the host ``source``.
    :param source: empty for the file's own host.
    :param loses: the node that is switched off.
    :param hangs: the Pod whose processes hang: NAMESPACE/NAME, the name perhaps with ``*`` at its end.
    :param ports: what listens there hangs, and nothing else; empty for all of the Pod.
    :param passes: simulated seconds that go by.
    """

    types: str = ""
    source: str = ""
    loses: str = ""
    hangs: str = ""
    ports: list[int] = []
    passes: float = 0

    def __post_init__(self) -> None:
        _exactly_one("a step", types=self.types, loses=self.loses, hangs=self.hangs, passes=self.passes)


class Seen(_Part, frozen=True):
    """A line that a reader types to see the symptom, and all that it shows.

    :param source: the host; empty for the file's own.
    """

    types: str
    shows: str
    source: str = ""


class Probe(_Part, frozen=True):
    """One attempt that must come out as told: a request (``url``), or a line that is typed (``types``).

    :param source: who asks: ``pod/client``, ``node/worker``, ``laptop``; of a line, the host where it is typed.
    :param url: what a request asks for; ``{pod/web}``, ``{service/web}``, ``{node/master}``, ``{loadbalancer/web}``
        stand for addresses, ``{nodeport/web}`` for a port.
    :param reaches: every endpoint must be one of these Pods (a name, or the start of one before ``*``); empty where the
        request must fail.
    :param outcome: how it must end.
    :param every: whether every Pod of ``reaches`` must be among the endpoints.
    :param sees: what the server must see as the client's address; empty where that does not matter.
    :param shows: the evidence that a line must show (:func:`kubesim.exercises.check.holds`).
    :param means: what that evidence means, in words; empty where it speaks for itself.
    """

    source: str = ""
    url: str = ""
    outcome: str = "delivered"
    reaches: list[str] = []
    every: bool = False
    sees: str = ""
    types: str = ""
    shows: str = ""
    means: str = ""

    def __post_init__(self) -> None:
        _exactly_one("a probe", url=self.url, types=self.types)


class Kept(_Part, frozen=True):
    """Something that a repair must leave in place: the object, not replaced, and these fields as they are.

    :param fields: path → value, such as ``spec.type: NodePort``.
    :param same: whether it must be the same object, not one made anew under its name.
    """

    kind: str
    name: str
    namespace: str = "default"
    fields: dict[str, Any] = {}
    same: bool = True


class Diagnosed(_Part, frozen=True):
    """What ``cluster.diagnose`` says of the broken cluster.

    :param says: the id of a finding; ``delivered`` where it sees no fault, since none is in the way of a request.
    """

    source: str
    url: str
    says: str


class ExerciseFile(_Part, frozen=True):
    """The file of an exercise or of a case.

    :param setup: what breaks a new cluster; a text is typed at ``host``.
    :param probes: what must come out as told; in the broken cluster none does, where the file is a case.
    :param still: what came out as told all along, and must go on.
    :param gone: what must no longer be there.
    :param why: two sentences for who has solved it: the mechanism, with the objects' own names.
    :param after: what to remember, or to look at next.
    :param level: of a case: 1 to 3.
    :param symptom: of a case: what its reader saw.
    :param rests_on: of a case: upstream's rule or code from which the mechanism follows, and where that stands.
    :param diagnosis: how ``diagnose`` says it.
    :param cluster: fields of the cluster file that are not the course's own.
    :param draw: what differs from learner to learner.
    """

    title: str
    story: str
    setup: str | list[Step]
    probes: list[Probe]
    hints: list[str]
    solutions: list[str]
    why: str
    after: str
    keep: list[Kept] = []
    gone: list[Kept] = []
    still: list[Probe] = []
    cheats: list[str] = []
    host: str = "master"
    level: int = 0
    symptom: list[Seen] = []
    rests_on: str = ""
    diagnosis: Diagnosed | None = None
    cluster: dict[str, Any] = {}
    draw: list[Draw] = []

    @property
    def steps(self) -> list[Step]:
        """The set-up, step by step."""
        return [Step(types=self.setup)] if isinstance(self.setup, str) else self.setup


class Variant(msgspec.Struct, frozen=True):
    """A file as one learner gets it.

    :param seed: of the learner's cluster: addresses and choices follow from it.
    """

    file: ExerciseFile
    seed: int


def names(directory: Path = EXERCISES) -> list[str]:
    """The names of all files of a directory, in order."""
    return sorted(path.stem for path in directory.glob("*.yaml"))


def read(name: str, directory: Path = EXERCISES, learner: str = "") -> Variant:
    """Read a file and draw the learner's variant of it.

    :param name: the file's name without ``.yaml``.
    :param learner: any text; another one gives another variant, where the file draws something.
    :raises FileNotFoundError: if there is no such file.
    """
    path = directory / f"{name}.yaml"
    if name not in names(directory):
        known = ", ".join(names(directory))
        raise FileNotFoundError(f"there is no exercise {name!r}; there are: {known}")
    template = read_yaml(path)
    lots = msgspec.convert(template.get("draw", []), list[Draw])
    if not lots:
        return Variant(msgspec.convert(template, ExerciseFile), 0)
    chance = random.Random(f"{name}/{learner}")
    words: dict[str, list[str]] = read_yaml(DATA / "words.yaml")
    drawn = {
        place: word
        for lot in lots
        for place, word in zip(lot.names, chance.sample(_choices(lot.among, words), len(lot.names)), strict=True)
    }
    filled = _filled(template, drawn) | {"draw": template["draw"]}
    return Variant(msgspec.convert(filled, ExerciseFile), chance.randrange(2**31))


def _choices(among: list[str] | str, words: dict[str, list[str]]) -> list[str]:
    if not isinstance(among, str):
        return among
    first, dash, last = among.partition("-")
    if dash:
        return [str(number) for number in range(int(first), int(last) + 1)]
    return words[among]


def _filled(value: Any, drawn: dict[str, str]) -> Any:
    """A document with what was drawn in its places, keys included."""
    if isinstance(value, str):
        return DRAWN.sub(lambda place: drawn.get(place[1], place[0]), value)
    if isinstance(value, list):
        return [_filled(each, drawn) for each in value]
    if isinstance(value, dict):
        return {_filled(key, drawn): _filled(each, drawn) for key, each in value.items()}
    return value


def _exactly_one(what: str, **fields: Any) -> None:
    given = [name for name, value in fields.items() if value]
    if len(given) != 1:
        raise ValueError(f"{what} must have exactly one of {', '.join(fields)}, got {', '.join(given) or 'none'}")
