"""kubectl asks its server as the user that it is: who has no rights is refused by every verb, and changes nothing."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: nginx}]}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 80}], selector: {run: x}}\n"
FORBIDDEN = "Error from server (Forbidden): "
HERE = 'in the namespace "default"'
EVERYWHERE = "at the cluster scope"


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    made = Terminal(Cluster())
    made.run("kubectl run x --image=nginx")
    made.run("kubectl create deployment d --image=nginx")
    made.machine.files.write("/root/pod.yaml", POD)
    made.machine.files.write("/root/service.yaml", SERVICE)
    return made


def refusal(named: str, verb: str, resource: str, where: str = HERE, group: str = "") -> str:
    return f'{named} is forbidden: User "nobody" cannot {verb} resource "{resource}" in API group "{group}" {where}'


def objects(terminal: Terminal) -> list[object]:
    """What a change would change."""
    store = terminal.cluster.store
    kinds = ("ConfigMap", "Deployment", "Namespace", "Node", "Pod", "Service")
    return [{**wire, "status": None} for kind in kinds for wire in store.list(kind)]


GET_POD = refusal('pods "x"', "get", "pods")
GET_DEPLOYMENT = refusal('deployments.apps "d"', "get", "deployments", group="apps")
GET_NODE = refusal('nodes "worker"', "get", "nodes", EVERYWHERE)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("annotate pod x a=b", GET_POD),
        ("apply view-last-applied pod x", GET_POD),
        ("cluster-info", refusal("services", "list", "services", 'in the namespace "kube-system"')),
        ("cordon worker", GET_NODE),
        ("create namespace n", refusal("namespaces", "create", "namespaces", EVERYWHERE)),
        ("delete pod x", refusal('pods "x"', "delete", "pods")),
        ("delete pods --all", refusal("pods", "list", "pods")),
        ("describe pod x", GET_POD),
        ("describe nodes", refusal("nodes", "list", "nodes", EVERYWHERE)),
        ("drain worker --force --ignore-daemonsets", GET_NODE),
        ("events", refusal("events", "list", "events")),
        ("exec x -- true", GET_POD),
        ("expose pod x --port=80", GET_POD),
        ("get pods", refusal("pods", "list", "pods")),
        ("get pods -A", refusal("pods", "list", "pods", EVERYWHERE)),
        ("get pod x -o yaml", GET_POD),
        ("get pods -w", refusal("pods", "list", "pods")),
        ("label pod x a=b", GET_POD),
        ("logs x", GET_POD),
        ("logs -l run=x", refusal("pods", "list", "pods")),
        ("patch pod x -p {}", GET_POD),
        ("port-forward pod/x 8080:80", GET_POD),
        ("port-forward svc/x 8080:80", refusal('services "x"', "get", "services")),
        ("rollout history deployment d", GET_DEPLOYMENT),
        ("rollout pause deployment d", GET_DEPLOYMENT),
        ("rollout restart deployment d", GET_DEPLOYMENT),
        ("rollout status deployment d", GET_DEPLOYMENT),
        ("rollout undo deployment d", GET_DEPLOYMENT),
        ("run y --image=nginx", refusal("pods", "create", "pods")),
        ("scale deployment d --replicas=2", GET_DEPLOYMENT),
        ("set image deployment d nginx=nginx:1.27", GET_DEPLOYMENT),
        ("taint node worker a=b:NoSchedule", GET_NODE),
        ("uncordon worker", GET_NODE),
        ("wait --for=delete pod/x", GET_POD),
        ("wait --for=condition=Ready pod/x", GET_POD),
        ("wait --for=create pod/nosuch", refusal('pods "nosuch"', "get", "pods")),
    ],
)
def test_a_request_is_forbidden(command: str, expected: str, terminal: Terminal) -> None:
    before = objects(terminal)
    done = terminal.run(f"kubectl {command} --as=nobody".replace(" -- true --as=nobody", " --as=nobody -- true"))
    assert (done.stderr, done.returncode) == (f"{FORBIDDEN}{expected}\n", 1)
    assert objects(terminal) == before


@pytest.mark.parametrize(
    ("command", "start", "expected"),
    [
        ("apply -f service.yaml", f"{FORBIDDEN}error when retrieving", refusal('services "x"', "get", "services")),
        ("create -f service.yaml", f"{FORBIDDEN}error when creating", refusal("services", "create", "services")),
        (
            "create configmap c --from-literal=a=b",
            "error: failed to create configmap: ",
            refusal("configmaps", "create", "configmaps"),
        ),
        (
            "create service clusterip s --tcp=80",
            "error: failed to create ClusterIP service: ",
            refusal("services", "create", "services"),
        ),
        ("delete -f pod.yaml", f"{FORBIDDEN}error when deleting", refusal('pods "x"', "delete", "pods")),
        ("replace -f pod.yaml", f"{FORBIDDEN}error when replacing", refusal('pods "x"', "update", "pods")),
        ("replace --force -f pod.yaml", FORBIDDEN, refusal('pods "x"', "delete", "pods")),
    ],
)
def test_some_verbs_say_what_they_were_doing(command: str, start: str, expected: str, terminal: Terminal) -> None:
    before = objects(terminal)
    done = terminal.run(f"kubectl {command} --as=nobody")
    assert done.stderr.startswith(start) and done.stderr.endswith(f"{expected}\n"), done.stderr
    assert done.returncode == 1
    assert objects(terminal) == before


def test_a_diff_that_fails_has_a_status_of_its_own(terminal: Terminal) -> None:
    done = terminal.run("kubectl diff -f pod.yaml --as=nobody")
    assert (done.returncode, done.stderr) == (2, f"{FORBIDDEN}{GET_POD}\n")


@pytest.mark.parametrize("command", ["get pods", "wait --for=condition=Ready pod/x", "logs x", "exec x -- true"])
def test_an_administrator_may(command: str, terminal: Terminal) -> None:
    somebody = "--as=somebody --as-group=system:masters"
    line = f"kubectl {command} {somebody}".replace(f" -- true {somebody}", f" {somebody} -- true")
    assert terminal.run(line).returncode == 0


def test_what_needs_no_rights_is_answered(terminal: Terminal) -> None:
    for command in ("version", "api-resources", "explain pod", "config view", "options"):
        assert terminal.run(f"kubectl {command} --as=nobody").returncode == 0
