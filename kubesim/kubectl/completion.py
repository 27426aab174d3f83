"""What may come next on a kubectl command line: what ``kubectl completion`` would offer for a Tab.

Verbs, sub-commands and flags come from the table of commands; kinds, names, containers and namespaces from the server.
Upstream: ``k8s.io/kubectl/pkg/util/completion``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import RESOURCE_TYPES, ResourceType, resource_type
from kubesim.cluster import Cluster
from kubesim.kubectl.call import Verb
from kubesim.kubectl.connection import Connection
from kubesim.kubectl.errors import KubectlError, UnreachableError
from kubesim.kubectl.flags import GLOBAL_FLAGS, HELP_FLAG, Flag, FlagError, Parsed, parse, table_of
from kubesim.kubectl.kubeconfig import Kubeconfig
from kubesim.kubectl.main import find_verb
from kubesim.kubectl.registry import VERBS
from kubesim.userland.filesystem import FileSystem

_EXPOSED = ("pods", "services", "deployments", "replicasets", "replicationcontrollers")
_SCALED = ("deployments", "replicasets", "statefulsets", "replicationcontrollers")
_ROLLED = ("deployments", "daemonsets", "statefulsets")
_TEMPLATED = ("pods", *_ROLLED, "replicasets", "replicationcontrollers", "cronjobs", "jobs")

OBJECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "annotate": (),
        "apply edit-last-applied": (),
        "apply view-last-applied": (),
        "autoscale": _SCALED,
        "delete": (),
        "describe": (),
        "edit": (),
        "expose": _EXPOSED,
        "get": (),
        "label": (),
        "patch": (),
        "rollout history": _ROLLED,
        "rollout pause": _ROLLED,
        "rollout restart": _ROLLED,
        "rollout resume": _ROLLED,
        "rollout status": _ROLLED,
        "rollout undo": _ROLLED,
        "scale": _SCALED,
        "set env": _TEMPLATED,
        "set image": _TEMPLATED,
        "set resources": _TEMPLATED,
        "set selector": ("services",),
        "set serviceaccount": _TEMPLATED,
        "taint": ("nodes",),
        "wait": (),
    }
)
"""Commands whose arguments are a kind and names, or kind/name: of which kinds; none named stands for all."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "attach": "pods",
        "cordon": "nodes",
        "debug": "pods",
        "drain": "nodes",
        "exec": "pods",
        "logs": "pods",
        "port-forward": "pods",
        "top node": "nodes",
        "top pod": "pods",
        "uncordon": "nodes",
    }
)
"""Commands whose first argument is a name, of this kind unless another is written before it."""

_REACHING_IN = frozenset({"attach", "debug", "exec", "logs", "port-forward"})
"""Of these, the ones that take ``service/web`` too."""

VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cascade": ("background", "foreground", "orphan"),
        "dry-run": ("client", "none", "server"),
        "for": ("condition=", "create", "delete", "jsonpath="),
        "output": ("custom-columns=", "go-template=", "json", "jsonpath=", "name", "wide", "yaml"),
        "restart": ("Always", "Never", "OnFailure"),
        "type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
        "validate": ("ignore", "strict", "warn"),
    }
)
"""Flags with few possible values."""

SECTIONS: Mapping[str, str] = MappingProxyType({"cluster": "clusters", "context": "contexts", "user": "users"})
"""Flags whose value is named in the kubeconfig → where."""

FILES = frozenset({"filename", "from-env-file", "from-file", "kubeconfig", "kustomize", "patch-file"})
"""Flags whose value is a file of the machine."""


class Candidate(NamedTuple):
    """One word that may come next.

    :param kind: what it is: ``verb``, ``flag``, ``kind``, ``name``, ``container``, ``namespace``, ``value``…
    """

    text: str
    kind: str


def candidates(words: Sequence[str], begun: str, cluster: Cluster, files: FileSystem) -> list[Candidate] | None:
    """What may stand where ``begun`` has been typed so far.

    :param words: the words before it, without ``kubectl``.
    :returns: candidates that begin with ``begun``; None where a file of the machine is meant.
    """
    command, verb, rest = find_verb(Verb("kubectl", subcommands=VERBS), list(words))
    try:
        line = _Line(command.removeprefix("kubectl").strip(), verb, rest, cluster, files)
    except (KubectlError, UnreachableError):  # a kubeconfig that cannot be read, or a context that is not in it
        return []
    if "--" in rest:
        return []
    awaited = _awaited(rest, verb)
    if awaited is not None:
        return _begun(begun, line.values(awaited))
    if begun.startswith("--") and "=" in begun:
        name, _, value = begun.partition("=")
        flag = table_of(verb.flags).get(name[2:])
        found = _begun(value, line.values(flag)) if flag is not None else []
        return None if found is None else [each._replace(text=f"{name}={each.text}") for each in found]
    if begun.startswith("-"):
        return _begun(begun, _flags(verb))
    return _begun(begun, line.arguments(begun))


def container_of(words: Sequence[str], cluster: Cluster, files: FileSystem) -> tuple[str, str | None] | None:
    """The machine and the container that ``kubectl exec`` would enter; None where no Pod is named.

    :param words: what was typed after ``kubectl``, up to ``--``.
    """
    _, verb, rest = find_verb(Verb("kubectl", subcommands=VERBS), list(words))
    parsed = _parsed(rest, verb)
    if not parsed.arguments:
        return None
    try:
        namespace = _namespace(parsed, Kubeconfig.read(files, {}))
    except (KubectlError, UnreachableError):
        return None
    name = parsed.arguments[0].removeprefix("pod/").removeprefix("pods/")
    return f"pod/{namespace}/{name}", parsed.values.text("container") or None


def _begun(begun: str, found: Iterable[Candidate] | None) -> list[Candidate] | None:
    if found is None:
        return None
    return sorted({each for each in found if each.text.startswith(begun)}, key=lambda each: (each.kind, each.text))


def _flags(verb: Verb) -> Iterator[Candidate]:
    for flag in (*verb.flags, *GLOBAL_FLAGS, HELP_FLAG):
        yield Candidate(f"--{flag.name}", "flag")
        if flag.short:
            yield Candidate(f"-{flag.short}", "flag")


def _awaited(rest: Sequence[str], verb: Verb) -> Flag | None:
    """The flag whose value comes next."""
    last = rest[-1] if rest else ""
    needing = [flag for flag in table_of(verb.flags).values() if flag.kind != "bool" and flag.bare is None]
    if last.startswith("--"):
        return next((flag for flag in needing if last == f"--{flag.name}"), None)
    if last.startswith("-") and last != "-":
        return next((flag for flag in reversed(needing) if flag.short and last.endswith(flag.short)), None)
    return None


class _Line:
    """A command line so far, and the server that knows what its words may be.

    :param command: the words of the verb: ``rollout undo``.
    :param rest: the words typed besides.
    """

    def __init__(self, command: str, verb: Verb, rest: Sequence[str], cluster: Cluster, files: FileSystem) -> None:
        self._command, self._verb = command, verb
        self._api = Connection(cluster)
        parsed = _parsed(rest, verb)
        self._given = parsed.arguments
        self._config = Kubeconfig.read(files, {})
        self._namespace = _namespace(parsed, self._config)

    def values(self, flag: Flag) -> Iterable[Candidate] | None:
        """What a flag's value may be; None for a file."""
        if flag.name in FILES:
            return None
        if flag.name == "namespace":
            return self._named("namespaces", "namespace")
        if flag.name == "container":
            return self._containers()
        section = SECTIONS.get(flag.name)
        known = VALUES.get(flag.name, ()) if section is None else self._config.names(section)
        return [Candidate(value, "value") for value in known]

    def arguments(self, begun: str) -> Iterable[Candidate]:
        """What the next argument may be."""
        if self._verb.subcommands and not self._given:
            yield from (Candidate(each.name, "verb") for each in self._verb.subcommands)
        elif self._command in OBJECTS:
            yield from self._objects(begun, OBJECTS[self._command])
        elif self._command in NAMES and not self._given:
            if "/" in begun and self._command in _REACHING_IN:
                yield from self._typed(begun)
            else:
                yield from self._named(NAMES[self._command], "name")
        elif self._command == "explain" and not self._given:
            yield from _kinds(())
        elif self._command == "config use-context" and not self._given:
            yield from (Candidate(name, "value") for name in self._config.names("contexts"))

    def _objects(self, begun: str, allowed: tuple[str, ...]) -> Iterable[Candidate]:
        if not self._given:
            return self._typed(begun) if "/" in begun else _kinds(allowed)
        if "/" in self._given[0]:
            more = self._typed(begun) if "/" in begun else _kinds(allowed)
            return [*(more if self._command in ("delete", "get", "describe") else ()), *self._images()]
        if self._command.startswith("set ") and len(self._given) > 1:
            return self._images()
        return [each for each in self._named(self._given[0], "name") if each.text not in self._given[1:]]

    def _typed(self, begun: str) -> Iterator[Candidate]:
        kind = begun.partition("/")[0]
        yield from (each._replace(text=f"{kind}/{each.text}") for each in self._named(kind, "name"))

    def _named(self, kind: str, what: str) -> Iterable[Candidate]:
        """The names of the objects of kinds as typed: ``svc``, ``pods,services``."""
        for each in kind.split(","):
            found = resource_type(each)
            if found is not None and found.version:
                yield from (Candidate(wire["metadata"]["name"], what) for wire in self._list(found))

    def _list(self, resource: ResourceType) -> list[Wire]:
        try:
            return self._api.list(resource, self._namespace)
        except ApiError:
            return []

    def _containers(self) -> Iterator[Candidate]:
        for wire in self._chosen():
            spec = wire["spec"] if wire["kind"] == "Pod" else ((wire["spec"].get("template") or {}).get("spec") or {})
            for field in ("containers", "initContainers"):
                yield from (Candidate(each["name"], "container") for each in spec.get(field) or ())

    def _images(self) -> list[Candidate]:
        if self._command != "set image":
            return []
        return [Candidate(f"{each.text}=", "container") for each in self._containers()]

    def _chosen(self) -> Iterator[Wire]:
        """The object that the first arguments name; where there are none yet, every Pod."""
        words = self._given
        kind, slash, name = words[0].partition("/") if words else ("pods", "", "")
        if words and not slash:
            kind, name = ("pods", kind) if self._command in NAMES else (kind, words[1] if len(words) > 1 else "")
        found = resource_type(kind)
        for wire in self._list(found) if found is not None else ():
            if (not words or wire["metadata"]["name"] == name) and "spec" in wire:
                yield wire


def _namespace(parsed: Parsed, config: Kubeconfig) -> str:
    """The namespace of a command."""
    values = parsed.values
    return str(values.text("namespace") or config.context(values.text("context")).get("namespace") or "default")


def _parsed(rest: Sequence[str], verb: Verb) -> Parsed:
    """The flags and arguments so far, without what cannot be read yet."""
    known = list(rest)
    while True:
        try:
            return parse(known, verb.flags)
        except FlagError:
            known.pop()


def _kinds(allowed: tuple[str, ...]) -> Iterator[Candidate]:
    for each in RESOURCE_TYPES:
        if each.version and (not allowed or each.plural in allowed):
            yield Candidate(each.plural, f"kind of {each.group}" if each.group else "kind")  # the core ones first
