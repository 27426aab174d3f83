"""Whatever is typed after ``kubectl``: an answer, and a refusal leaves every stored bit as it was."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given, settings

from kubesim.api import go_yaml
from kubesim.api.objects import Pod
from kubesim.cluster import Cluster
from kubesim.kubectl import main as kubectl
from kubesim.kubectl.call import Verb
from kubesim.kubectl.flags import GLOBAL_FLAGS
from kubesim.kubectl.registry import VERBS
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed
from tests.api.manifests import any_manifest, broken, valid
from tests.chances import CHANCES

ARGUMENTS = (
    "pod", "pods", "po", "svc", "deploy", "deployments.apps", "rs", "ep", "endpointslices", "node", "cm", "secret",
    "all", "pod/a", "svc/a", "deploy/a", "pod,svc", "nosuch", "a", "b", "master", "a=1", "a-", "app=a", "app-",
    "c=nginx:1.27", "pod/", "/", "", "-", "--", "kubernetes", "default", "key=value:NoSchedule", "key-", "8080:80",
    "clusterip", "generic", "nodeport", "externalname", "deployment", "configmap", "namespace", "pod.spec.containers",
    "service.spec", "é", "{}", "selector", "image", "env", "resources", "restart", "status", "undo", "history",
    "pause", "resume",
)  # fmt: skip
VALUES = (
    "", "a", "b", "default", "kube-system", "nosuch", "nginx", "80", "0", "-1", "99999", "1s", "-1s", "x", "yaml",
    "json", "wide", "name", "jsonpath={.metadata.name}", "jsonpath={.items[*]", "jsonpath={", "go-template={{.kind}}",
    "go-template={{", "custom-columns=A:.metadata.name,B:.x[0]", "custom-columns=A", "app=a", "app in (a,b)",
    "a==b==c", "!a", "client", "server", "none", "true", "false", "m.yaml", "-", "/", "nosuch.yaml", "http://x/y.yaml",
    '{"spec":', '{"spec":{"replicas":1}}', '{"spec":{"type":"NodePort"}}', '[{"op":"remove","path":"/spec"}]', "[]",
    "null", "1", "condition=Ready", "delete", "jsonpath={.status.phase}=Running", "cpu=1,memory=1Gi", "k=v", "k",
    "TCP", "UDP", "*", ".metadata.name", "{.spec.x}", "None", "10.43.0.99", "30080", "strategic", "merge", "orphan",
    "ClusterIP", "Local",
)  # fmt: skip
COMMON = (
    "get pod,svc -A -o wide", "get all -o yaml", "describe pod a", "describe svc", "describe node master",
    "delete pod --all", "delete svc a", "run a --image nginx --port 80 --expose", "expose deploy a --port 80",
    "scale deploy a --replicas 3", "rollout restart deploy a", "rollout undo deploy a", "set image deploy/a c=nginx:x",
    "logs a", "exec a -- ls /", "create deployment b --image nginx --replicas 2", "apply -f m.yaml",
    "create -f m.yaml", "replace -f m.yaml", "replace --force -f m.yaml", "delete -f m.yaml", "diff -f m.yaml",
    "explain pod.spec --recursive", "get events -A", "label pod a x=y --overwrite", "annotate svc a x-",
    "patch svc a -p {}", "cordon worker", "drain worker --force", "taint node worker a=b:NoExecute",
    "get pod -o jsonpath={.items[*].metadata.name}", "wait pod/a --for=delete --timeout=1s",
)  # fmt: skip


def verbs(chance: Random) -> tuple[list[str], Verb]:
    """A path of sub-commands and the verb at its end."""
    words: list[str] = []
    verb = Verb("kubectl", subcommands=VERBS)
    while verb.subcommands:
        verb = chance.choice(verb.subcommands)
        words.append(verb.name)
    return words, verb


def command_line(chance: Random) -> list[str]:
    """A command with some of its own flags and any arguments, or a usual one, sometimes with a slip in it."""
    if chance.random() < 0.4:
        words = chance.choice(COMMON).split()
    else:
        words, verb = verbs(chance)
        words += chance.choices(ARGUMENTS, k=chance.randrange(4))
        for flag in chance.choices((*verb.flags, *GLOBAL_FLAGS[:3], *verb.flags), k=chance.randrange(4)):
            value = chance.choice(VALUES)
            long = [f"--{flag.name}", f"--{flag.name}={value}"]
            words += chance.choice([[long[0], value], [long[1]], long[:1], [f"-{flag.short}{value}"]])
    if chance.random() < 0.2 and words:
        place = chance.randrange(len(words))
        word = words[place]
        cut = chance.randrange(len(word) + 1)
        words[place] = word[:cut] + chance.choice(["", "-", "=", "x", "\n", "é", ","]) + word[cut + 1 :]
    return words


def manifest_text(chance: Random) -> str:
    """One to three documents; sometimes with a slip in the text itself."""
    documents = [any_manifest(chance) for _ in range(chance.randint(1, 3))]
    text = "---\n".join(go_yaml.dump(each) for each in documents)
    for _ in range(chance.choice([0, 0, 0, 1, 3])):
        place = chance.randrange(len(text) + 1)
        text = (
            text[:place]
            + chance.choice(["", "\t", ":", "- ", "{", '"', "\n", "&a ", "*a", "\u00a0", "%", "|"])
            + text[place + 1 :]
        )
    return text


def state(cluster: Cluster) -> str:
    return json.dumps(cluster.store.snapshot(), default=repr) + cluster.store.resource_version


def run(cluster: Cluster, files: FileSystem, words: list[str], stdin: str = "") -> Completed:
    done = kubectl.run(words, cluster, files, stdin)
    assert isinstance(done.returncode, int)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.encode() is not None and done.stderr.encode() is not None
    return done


@settings(max_examples=60, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_any_session_goes_on(chance: Random) -> None:
    cluster, files = Cluster(), FileSystem(lambda: 0.0)
    files.make_directory("/root", parents=True)
    for _ in range(10):
        text = manifest_text(chance)
        files.write("/root/m.yaml", text)
        run(cluster, files, command_line(chance), text)
        if chance.random() < 0.5:
            cluster.settle(chance.choice([1, 60]))
        addresses = pod_addresses(cluster)
        assert len(set(addresses)) == len(addresses), "no two Pods have one address"


def pod_addresses(cluster: Cluster) -> list[str]:
    """The addresses of all Pods that run, or are about to."""
    pods = [pod for pod in cluster.store.views(Pod) if not pod.spec.hostNetwork]
    return [pod.status.podIP for pod in pods if pod.status.podIP and pod.status.phase in ("Pending", "Running")]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_a_refused_manifest_leaves_nothing_behind(chance: Random) -> None:
    cluster, files = shared()
    wire = broken(chance) if chance.random() < 0.7 else valid(chance)
    text = go_yaml.dump(wire)
    verb = chance.choice(["apply", "create", "replace"])
    before = state(cluster)
    done = run(
        cluster, files, [verb, "-f", "-", *chance.choice([[], ["--dry-run=server"], ["--dry-run=client"]])], text
    )
    if done.returncode or "(dry run)" in done.stdout or "(server dry run)" in done.stdout:
        assert state(cluster) == before


@settings(max_examples=40, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_what_get_prints_applied_again_changes_nothing(chance: Random) -> None:
    cluster, files = Cluster(), FileSystem(lambda: 0.0)
    wire = any_manifest(chance)
    text = go_yaml.dump(wire)
    if run(cluster, files, ["apply", "-f", "-"], text).returncode:
        return
    if chance.random() < 0.5:
        cluster.settle()
    before = state(cluster)
    again = run(cluster, files, ["apply", "-f", "-"], text)
    assert again.returncode == 0, again
    # Upstream says "configured" where a default lies inside an atomic list, and for the write-only stringData.
    if wire["kind"] not in ("Endpoints", "EndpointSlice") and "stringData" not in wire:
        assert again.stdout.endswith("unchanged\n"), again
    assert state(cluster) == before
    assert isinstance(wire, dict)
    kind, name = wire["kind"], str(wire["metadata"].get("name"))
    where = ["-n", str(wire["metadata"].get("namespace") or "default")]
    shown = run(cluster, files, ["get", kind, name, "-o", "yaml", *where])
    assert shown.returncode == 0, shown
    replaced = run(cluster, files, ["replace", "-f", "-"], shown.stdout)
    assert replaced.returncode == 0, replaced
    assert state(cluster) == before
    content = stripped(cluster, kind, name, where[1])
    applied = run(cluster, files, ["apply", "-f", "-"], shown.stdout)
    assert applied.returncode == 0, applied
    assert stripped(cluster, kind, name, where[1]) == content


def stripped(cluster: Cluster, kind: str, name: str, namespace: str) -> str:
    """What is wanted of an object: without its version and apply's own note of what was applied, which upstream writes
    anew, and without the generation, which counts a Deployment's annotations too."""
    wire = next(
        each
        for each in cluster.store.list(kind)
        if each["metadata"]["name"] == name and each["metadata"].get("namespace", namespace) == namespace
    )
    left_out = ("resourceVersion", "annotations", "generation")
    metadata = {key: value for key, value in wire["metadata"].items() if key not in left_out}
    return json.dumps({**wire, "metadata": metadata, "status": None}, sort_keys=True)


_SHARED: list[tuple[Cluster, FileSystem]] = []


def shared() -> tuple[Cluster, FileSystem]:
    """One cluster for many refusals; what was accepted stays."""
    if not _SHARED:
        _SHARED.append((Cluster(), FileSystem(lambda: 0.0)))
    return _SHARED[0]
