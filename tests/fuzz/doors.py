"""The six doors through which something comes in, each with what comes: a typed line (in a terminal, a container, as
its main process, hook or probe), a manifest, a Python call, a cluster file, a dump, a widget's callback.

A door draws an input, which can be printed, and tries it in a small world of its own. What the simulator documents is
an answer; every other exception is a failure, and ends the world that it happened in.
"""

from __future__ import annotations

import copy
import functools
import json
import math
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from kubesim.api import go_yaml
from kubesim.api.errors import ApiError
from kubesim.cluster import Cluster
from kubesim.cluster.configuration import ClusterConfiguration, ClusterFileError
from kubesim.data_directory import DATA, read_yaml
from kubesim.kubectl import main as kubectl
from kubesim.notebook.player import PathPlayer
from kubesim.notebook.widgets import ServiceExplorer
from kubesim.terminal import Terminal
from kubesim.turn import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError
from tests.api.manifests import VALID, any_manifest
from tests.fuzz.mutations import ODD, edited, slips
from tests.kubectl.test_any_command_line import command_line
from tests.terminal import test_any_line

RECORDED = Path(__file__).parents[1] / "conformance" / "data"
DOCUMENTED = (ValueError, LookupError, ApiError, ClusterFileError, ExecutableNotFoundError, Interrupted)
"""What the Python interface may raise; no subclass of them, such as a KeyError that slipped out, counts."""


class Door(ABC):
    """One door, and a world behind it.

    :param chance: what the world is drawn from; an input draws from its own.
    """

    world_inputs = 100
    """How many inputs one world takes before the next begins."""

    @abstractmethod
    def draw(self, chance: Random) -> Any:
        """An input; its ``repr`` says all of it."""

    @abstractmethod
    def enter(self, given: Any) -> None:
        """Try an input; whatever this raises is a failure."""


@functools.cache
def recorded_lines() -> tuple[str, ...]:
    """Every line that was recorded of the real programs."""
    lines: set[str] = set()
    for file in sorted(RECORDED.glob("programs_*.json")):
        cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
        lines.update(case["command"] for case in cases if isinstance(case.get("command"), str))
    for file in sorted((RECORDED / "transcripts").glob("*.yaml")):
        steps = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["steps"]
        lines.update(step["cmd"] for step in steps if isinstance(step.get("cmd"), str))
    return tuple(sorted(line for line in lines if len(line) < 2000))


GLOBAL = (
    "--request-timeout=", "--server=", "-s ", "--as=", "--context=", "--kubeconfig=", "--token=", "-n ", "-v=",
    "--cluster=", "--user=", "--tls-server-name=", "--cache-dir=", "--certificate-authority=", "-o ", "-f ", "-l ",
    "--field-selector=", "-o jsonpath=", "-o jsonpath-file=", "-o go-template=", "-o go-template-file=",
    "-o custom-columns=", "-o custom-columns-file=", "--sort-by=", "--timeout=", "--for=", "--replicas=", "--port=",
    "--chunk-size=", "-L ", "--template=", "--raw=", "--tail=", "--since=", "--since-time=", "--limit-bytes=",
)  # fmt: skip


def typed_line(chance: Random) -> str:
    """A line as somebody in a hurry may type it."""
    what = chance.random()
    if what < 0.35:
        return slips(chance.choice(recorded_lines()), chance)
    if what < 0.6:
        return test_any_line.line(chance, chance.choice([0, 0, 1, 2]))
    words = ["kubectl", *command_line(chance)]
    if chance.random() < 0.5:
        words.append(chance.choice(GLOBAL) + str(chance.choice(["x", "-", "5", "", "1e400", "/etc", *ODD])))
    return slips(" ".join(words), chance, 1)


class TypedLine(Door):
    """Lines in the terminals of all hosts, in containers, and as a container's own command."""

    world_inputs = 150

    def __init__(self) -> None:
        self.cluster = Cluster()
        hosts = ("master", "worker", "laptop")
        self.terminals = {host: Terminal(self.cluster, on=host, interrupt=60, patience=20) for host in hosts}
        self.terminals["master"].prepare(
            "kubectl run a --image nginx", "kubectl create deploy b --image alpine -- sleep 1000000"
        )

    def draw(self, chance: Random) -> Any:
        """A line and where it is typed."""
        where = chance.choice(("master", "master", "master", "worker", "laptop", "exec", "exec", "pod"))
        return where, chance.choice(PARTS) if where == "pod" else "", typed_line(chance)

    def enter(self, given: Any) -> None:
        """Type it."""
        where, part, line = given
        if where == "pod":
            self._as_command(part, line)
        elif where == "exec":
            try:
                self.cluster.exec("a", ["sh", "-c", line], patience=60)
            except DOCUMENTED as error:
                _documented(error)
        else:
            done = self.terminals[where].run(line)
            assert 0 <= done.returncode <= 255, f"a status is 0 to 255, got {done.returncode}"
            assert "Traceback" not in done.stderr, done.stderr

    def _as_command(self, part: str, line: str) -> None:
        command = {"command": ["sh", "-c", line] if len(line) % 3 else line.split() or [""]}
        container: dict[str, Any] = {"name": "c", "image": "busybox", "command": ["sleep", "1000000"]}
        if part == "main":
            container |= command
        elif part in ("postStart", "preStop"):
            container["lifecycle"] = {part: {"exec": command}}
        else:
            container[part] = {"exec": command, "periodSeconds": 1}
        try:
            self.cluster.apply(
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
            )
            self.cluster.settle(20)
            self.cluster.delete("Pod", "p")
        except DOCUMENTED as error:
            _documented(error)
        self.cluster.settle(60)


PARTS = ("main", "main", "postStart", "preStop", "readinessProbe", "livenessProbe", "startupProbe")


class Manifest(Door):
    """Manifests, as text through kubectl and as objects through Python."""

    world_inputs = 200

    def __init__(self) -> None:
        self.terminal = Terminal(Cluster(), patience=5)
        self.cluster = self.terminal.cluster

    def draw(self, chance: Random) -> Any:
        """A text or an object, and how it is sent."""
        how = chance.choice(("apply", "apply", "create", "replace", "delete", "diff", "python", "patch"))
        wire = any_manifest(chance) if chance.random() < 0.6 else edited(chance.choice(FILES()), chance)
        if how == "python":
            return how, wire
        if how == "patch":
            return how, json.dumps(edited(chance.choice(VALID), chance, 1, ODD[:-1]))
        as_json = chance.random() < 0.3
        try:
            text = json.dumps(wire) if as_json else go_yaml.dump(wire)
        except (TypeError, ValueError):
            text = repr(wire)
        return how, slips(text, chance, 2)

    def enter(self, given: Any) -> None:
        """Send it."""
        how, what = given
        if how == "python":
            try:
                self.cluster.apply(what)
            except DOCUMENTED as error:
                _documented(error)
        elif how == "patch":
            _kubectl(self.terminal, ["patch", "service", "kubernetes", "-p", what, "--dry-run=server"])
        else:
            _kubectl(self.terminal, [how, "-f", "-"], what)
        if len(repr(what)) % 4 == 0:
            self.cluster.settle(5)
            _kubectl(self.terminal, ["get", "all,ep,endpointslices,cm", "-A", "-o", "wide"])
            _kubectl(self.terminal, ["describe", "all"])


def _kubectl(terminal: Terminal, words: Sequence[str], stdin: str = "") -> None:
    done = kubectl.run(words, terminal.cluster, terminal.machine.files, stdin)
    assert "Traceback" not in done.stderr, done.stderr


@functools.cache
def FILES() -> tuple[Any, ...]:  # noqa: N802
    """The course's own manifests."""
    found = []
    for file in sorted([*(DATA / "manifests").glob("*.yaml"), *(DATA / "clusters" / "addons").glob("*.yaml")]):
        try:
            found += [each for each in go_yaml.load_all(file.read_text(encoding="utf-8")) if isinstance(each, dict)]
        except go_yaml.YamlError:
            continue
    return tuple(found)


ARGUMENTS: tuple[Any, ...] = (
    *ODD, "pods", "Pod", "service", "deploy", "node", "events", "a", "b", "kubernetes", "default", "kube-system",
    "master", "worker", "laptop", "pod/a", "node/master", "pod/default/a", "pod/", "/", "default/a", "http://a", "a:80",
    "http://10.43.0.1:443", "udp://10.43.0.10:53", "dns://kubernetes", "http://[::1]", "http://[::1", "//", "tcp://:1",
    "kubernetes.default.svc.cluster.local", ["ls", "/"], ["nosuch"], ["sh", "-c", "echo $0"], [80], ["a=1"], "app=a",
    "app in (a", "metadata.name=a", "spec.x=1", {"spec": {"replicas": 3}}, {"spec": {"type": "NodePort"}},
    [{"op": "remove", "path": "/spec"}], [{"op": "add"}], Path("/nosuch"), Path("/etc"), Path(), 1e-9, 1e9, 1e18,
    -1e-9, math.inf, (), set(), object(), range(3), "wide", b"\xff", "servicelb", "nftables",
)  # fmt: skip
METHODS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("apply", 1, ("namespace",)),
    ("get", 2, ("namespace",)),
    ("delete", 2, ("namespace", "grace_period_seconds")),
    ("patch", 3, ("namespace",)),
    ("table", 1, ("namespace", "wide", "label_selector", "field_selector")),
    ("advance", 1, ()),
    ("settle", 0, ("limit",)),
    ("connect", 2, ()),
    ("resolve", 2, ()),
    ("scene", 0, ()),
    ("reachability", 0, ("sources", "destinations")),
    ("diagnose", 2, ()),
    ("machine", 1, ("container",)),
    ("exec", 2, ("container", "stdin", "namespace", "patience")),
    ("logs", 1, ("container", "previous", "namespace")),
    ("log_lines", 1, ("container", "previous", "namespace")),
    ("suspend", 1, ("namespace", "ports")),
    ("resume", 1, ("namespace",)),
    ("fail_node", 1, ()),
    ("recover_node", 1, ()),
    ("diagram", 0, ("namespace",)),
)
"""A cluster's methods: how many arguments they need, and which they take by name."""
TERMINAL = (("run", 1), ("screen", 1), ("prepare", 1))


class PythonCall(Door):
    """Calls of the public methods with anything in the place of an argument."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.cluster.apply(POD)
        self.cluster.settle()

    def draw(self, chance: Random) -> Any:
        """A method, its arguments."""
        if chance.random() < 0.1:
            return "Terminal", (chance.choice(ARGUMENTS),), {}
        name, needed, optional = chance.choice(METHODS)
        given = [
            chance.choice(USUAL.get((name, i), ARGUMENTS) if chance.random() < 0.6 else ARGUMENTS)
            for i in range(needed)
        ]
        if name == "apply" and chance.random() < 0.5:
            given = [edited(chance.choice(VALID), chance)]
        named = {each: chance.choice(ARGUMENTS) for each in optional if chance.random() < 0.25}
        return name, tuple(given), named

    def enter(self, given: Any) -> None:
        """Call it."""
        name, arguments, named = given
        try:
            if name == "Terminal":
                Terminal(self.cluster, *arguments)
                return
            result = getattr(self.cluster, name)(*arguments, **named)
            str(result)
            if name == "connect":
                result.diagram().text  # noqa: B018
                result.table()
        except DOCUMENTED as error:
            _documented(error)


POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "labels": {"app": "a"}},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}
_KINDS = ("pods", "Pod", "service", "deploy", "node", "events", "cm", "endpointslice")
_SOURCES = ("pod/a", "node/master", "worker", "laptop", "pod/default/a")
_URLS = ("http://kubernetes", "http://10.43.0.1:443", "udp://10.43.0.10:53", "http://a", "https://google.com")
USUAL: dict[tuple[str, int], tuple[Any, ...]] = {
    ("get", 0): _KINDS,
    ("delete", 0): _KINDS,
    ("patch", 0): _KINDS,
    ("table", 0): _KINDS,
    ("connect", 0): _SOURCES,
    ("connect", 1): _URLS,
    ("diagnose", 0): _SOURCES,
    ("diagnose", 1): _URLS,
    ("resolve", 0): _SOURCES,
    ("machine", 0): _SOURCES,
    ("exec", 0): ("a", "default/a"),
    ("logs", 0): ("a", "default/a"),
    ("suspend", 0): ("a", "default/a"),
    ("fail_node", 0): ("worker", "master"),
    ("recover_node", 0): ("worker", "master"),
    ("advance", 0): (0, 0.5, 10, 100),
}


class ClusterFile(Door):
    """Cluster files with anything in the place of a value."""

    def draw(self, chance: Random) -> Any:
        """A document, or the text of a file."""
        document = edited(chance.choice([_cluster_file(), {"base": "k3s.yaml", "age": "0s"}]), chance, 2)
        if isinstance(document, dict):
            document.setdefault("age", "0s")
        if chance.random() < 0.3:
            return slips(yaml.safe_dump(document) if _plain(document) else repr(document), chance, 2)
        return document

    def enter(self, given: Any) -> None:
        """Build it."""
        try:
            if isinstance(given, str):
                with tempfile.TemporaryDirectory() as directory:
                    file = Path(directory) / "mine.yaml"
                    file.write_text(given, encoding="utf-8", errors="surrogateescape" if given.isascii() else "replace")
                    cluster = Cluster.from_file(file)
            else:
                cluster = Cluster(ClusterConfiguration.from_document(given, DATA / "clusters"))
            cluster.settle(1)
            cluster.scene()
        except ClusterFileError as error:
            _documented(error)


def _plain(value: Any) -> bool:
    try:
        yaml.safe_dump(value)
    except yaml.YAMLError:
        return False
    return True


@functools.cache
def _cluster_file() -> Any:
    return read_yaml(DATA / "clusters" / "k3s.yaml")


@functools.cache
def _dumped() -> tuple[Any, ...]:
    """The objects of a small cluster, as ``kubectl get -A -o json`` gives them."""
    terminal = Terminal(Cluster())
    terminal.prepare(
        "kubectl create deploy web --image nginx --replicas 2 --port 80",
        "kubectl expose deploy web --port 80",
        "kubectl run a --image busybox -- sleep 100000",
    )
    shown = terminal.run("kubectl get nodes,ns,deploy,rs,pods,svc,ep,endpointslices,cm -A -o json").stdout
    return tuple(json.loads(shown)["items"])


LOOKS = (
    "get all,nodes,ep,endpointslices,cm -A -o wide",
    "describe all,nodes,ep,endpointslices -A",
    "get all -A -o yaml",
)


class Dump(Door):
    """Dumps with anything in the place of a value, and what is asked of them then."""

    def draw(self, chance: Random) -> Any:
        """A list of objects, or its text."""
        kept = chance.sample(_dumped(), chance.randint(1, len(_dumped())))
        wire = edited({"apiVersion": "v1", "kind": "List", "items": kept}, chance, 4)
        if chance.random() < 0.2:
            try:
                return slips(json.dumps(wire), chance, 2)
            except TypeError:
                return wire
        return wire

    def enter(self, given: Any) -> None:
        """Take it, then look at it from everywhere."""
        try:
            cluster = Cluster.from_objects(given)
        except DOCUMENTED as error:
            _documented(error)
            return
        terminal = Terminal(cluster, on="laptop", patience=1)
        for words in (
            "get all,nodes,ep,endpointslices,cm -A -o wide",
            "describe all,nodes,ep,endpointslices -A",
            "get all -A -o yaml",
        ):
            _kubectl(terminal, words.split())
        for call, source in ((cluster.connect, "pod/a"), (cluster.connect, "laptop"), (cluster.diagnose, "pod/a")):
            try:
                str(call(source, "http://web"))
            except DOCUMENTED as error:
                _documented(error)
        cluster.diagram()


class Callback(Door):
    """A widget's controls, set to anything that a message from the page can carry."""

    world_inputs = 300

    def __init__(self) -> None:
        self.widget = ServiceExplorer()
        self.player = PathPlayer(self.widget.shown.journey)

    def draw(self, chance: Random) -> Any:
        """A control and the value that the page sends for it."""
        name = chance.choice(("type", "source", "replicas", "ready", "selector", "step", "delete", "fail"))
        usual = {
            "type": [0, 1, 2, 3],
            "source": [0, 1, 2],
            "replicas": [0, 1, 2, 4],
            "step": [0, 1, 2, 3],
        }.get(name, [True, False])
        return name, chance.choice(usual) if chance.random() < 0.7 else copy.deepcopy(chance.choice(ODD[:-1]))

    def enter(self, given: Any) -> None:
        """Send the message, as the page does: a state that traitlets may refuse, which ipywidgets logs."""
        import traitlets

        name, value = given
        cluster = self.widget.explorer.cluster
        if name in ("delete", "fail"):
            verb = (("Service", "web"), ("Deployment", "web"), ("Pod", "client"))[len(str(value)) % 3]
            try:
                if name == "fail":
                    cluster.fail_node("worker") if value else cluster.recover_node("worker")
                else:
                    cluster.delete(*verb)
            except DOCUMENTED as error:
                _documented(error)
            return
        control = self.player.step if name == "step" else getattr(self.widget, name)
        key = "index" if name in ("type", "source") else "value"
        try:
            control.set_state({key: value})
        except traitlets.TraitError:
            return


DOORS: dict[str, type[Door]] = {
    "typed line": TypedLine,
    "manifest": Manifest,
    "Python call": PythonCall,
    "cluster file": ClusterFile,
    "dump": Dump,
    "widget callback": Callback,
}


def _documented(error: Exception) -> None:
    """Hold an error to its type, and to words that say something."""
    if type(error) not in DOCUMENTED and not type(error).__module__.startswith("kubesim."):
        raise error
    assert str(error) or isinstance(error, Interrupted), f"{type(error).__name__} must say what must hold"
