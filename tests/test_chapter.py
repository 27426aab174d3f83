"""The chapter's commands as a learner types them, and what each must answer.

A story is typed into one session, line by line. A row says what is typed, what the answer must hold (runs of blanks
folded), the exit status, and from which host. Addresses are the chapter's own; those that it leaves open are the
ones that a seeded cluster chooses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

PAGE = "<h1>Welcome to nginx!</h1>"
FIX_SELECTOR = "kubectl set selector service {0} run={0}"


@dataclass(frozen=True)
class Row:
    typed: str
    shows: tuple[str, ...]
    status: int = 0
    hides: tuple[str, ...] = ()
    on: str = "master"


def row(typed: str, *shows: str, status: int = 0, hides: str | tuple[str, ...] = (), on: str = "master") -> Row:
    return Row(typed, shows, status, (hides,) if isinstance(hides, str) else hides, on)


def laptop(typed: str, *shows: str, status: int = 0, hides: str | tuple[str, ...] = ()) -> Row:
    return row(typed, *shows, status=status, hides=hides, on="laptop")


def type_all(cluster: Cluster, rows: Sequence[Row]) -> None:
    """Type a story and hold every answer to its row."""
    terminals: dict[str, Terminal] = {}
    for number, each in enumerate(rows, 1):
        terminal = terminals.setdefault(each.on, Terminal(cluster, on=each.on))
        done = terminal.run(each.typed)
        answer = folded(done.stdout + done.stderr)
        told = f"row {number}, {each.on}$ {each.typed}\n{done.stdout}{done.stderr}[{done.returncode}]"
        for text in each.shows:
            assert folded(text) in answer, f"{text!r} must be in the answer:\n{told}"
        for text in each.hides:
            assert folded(text) not in answer, f"{text!r} must not be in the answer:\n{told}"
        assert done.returncode == each.status, f"the status must be {each.status}:\n{told}"
        if not each.shows and not each.hides:
            assert answer == "", f"nothing must be printed:\n{told}"


def folded(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


FIRST_POD = [
    row("kubectl run mynginx --image nginx", "pod/mynginx created"),
    row("kubectl get pod -o wide", "NAME READY STATUS RESTARTS AGE IP NODE", "mynginx 1/1 Running 0", " 10.42.2.42 "),
    row("kubectl exec mynginx -- curl -s 10.42.2.42", PAGE),
]
FIRST_SERVICE = [
    row("kubectl apply -f myservice.yaml", "service/myservice created"),
    row("kubectl get service", "myservice ClusterIP 10.43.113.175 <none> 8080/TCP", "kubernetes ClusterIP 10.43.0.1"),
    row("kubectl get pod -o wide", " 10.42.2.42 "),
    row("kubectl run client --image nginx", "pod/client created"),
]
WHOLE_CHAPTER = [
    # 6.1
    *FIRST_POD,
    # 6.1.3
    *FIRST_SERVICE,
    row("# Pod IP로 접근\nkubectl exec client -- curl 10.42.2.42", PAGE, "% Total % Received"),
    row("kubectl exec client -- curl 10.43.113.175:8080", PAGE),
    row("kubectl exec client -- curl myservice:8080", PAGE),
    row("kubectl exec client -- getent hosts myervice", "command terminated with exit code 2\n", status=2, hides="10."),
    # 6.1.4
    row(
        "kubectl exec client -- getent hosts myservice.default.svc.cluster.local\n"
        "kubectl exec client -- getent hosts myservice.default\n"
        "kubectl exec client -- getent hosts myservice",
        "10.43.113.175 myservice.default.svc.cluster.local\n" * 3,
    ),
    # 6.1.5
    row(
        "kubectl exec client -- cat /etc/resolv.conf",
        "search default.svc.cluster.local svc.cluster.local cluster.local",
        "nameserver 10.43.0.10",
        "options ndots:5",
    ),
    row("kubectl get svc -n kube-system", "kube-dns ClusterIP 10.43.0.10 <none> 53/UDP,53/TCP,9153/TCP"),
    row("kubectl get svc kube-dns -n kube-system --show-labels", "LABELS\n", "k8s-app=kube-dns,"),
    row("kubectl get pod -n kube-system -l k8s-app=kube-dns", "NAME READY STATUS", "coredns-", "1/1 Running"),
    row("kubectl exec client -- getent hosts google.com", "google.com"),
    # 6.2.1
    row(
        "kubectl run cluster-ip --image nginx --expose --port 80 \\\n  --dry-run=client -o yaml > cluster-ip.yaml",
    ),
    row("kubectl get svc,pod", "service/myservice", hides="cluster-ip"),
    row("cat cluster-ip.yaml", "kind: Service", "---\n---\n", "kind: Pod", "run: cluster-ip", "restartPolicy: Always"),
    row("kubectl apply -f cluster-ip.yaml", "service/cluster-ip created\npod/cluster-ip created\n"),
    row("kubectl get svc cluster-ip -o yaml | grep type", " type: ClusterIP\n"),
    row(
        "kubectl run client --image nginx", 'Error from server (AlreadyExists): pods "client" already exists', status=1
    ),
    row("kubectl exec client -- curl -s cluster-ip", PAGE),
    # 6.2.2
    row("kubectl apply -f node-port.yaml", "service/node-port created\npod/node-port created\n"),
    row("kubectl get svc", "node-port NodePort 10.43.", "8080:30080/TCP"),
    row("kubectl get pod node-port -o wide", "node-port 1/1 Running"),
    row(
        'MASTER_IP=$(kubectl get node master -o jsonpath="{.status.addresses[0].address}")\necho $MASTER_IP',
        "172.31.0.10\n",
    ),
    row("curl $MASTER_IP:30080", PAGE),
    row(
        'WORKER_IP=$(kubectl get node worker -o jsonpath="{.status.addresses[0].address}")\necho $WORKER_IP',
        "172.31.0.11\n",
    ),
    row("curl $WORKER_IP:30080", PAGE),
    laptop("curl -s 172.31.0.10:30080", PAGE),
    laptop("curl -s 172.31.0.11:30080", PAGE),
    # 6.2.3
    row("kubectl apply -f load-bal.yaml", "service/load-bal created\npod/load-bal created\n"),
    row("kubectl get svc load-bal", "load-bal LoadBalancer 10.43.249.78 172.31.0.200 8080:30088/TCP"),
    row("curl 10.43.249.78:8080", PAGE),
    laptop("curl -s 172.31.0.200:8080", PAGE),
    # 6.2.4
    row("kubectl apply -f external.yaml", "service/google-svc created"),
    row("kubectl get svc google-svc", "google-svc ExternalName <none> google.com <none>"),
    row(
        'kubectl run call-google --image curlimages/curl -- curl -s -H "Host: google.com" google-svc',
        "pod/call-google created",
    ),
    row("kubectl logs call-google", "<H1>301 Moved</H1>", 'HREF="http://www.google.com/"'),
    row("kubectl exec client -- curl -s google-svc", "Error 404 (Not Found)", hides="301 Moved"),
    # 6.4
    row(
        "kubectl delete pod --all",
        *(f'pod "{name}" deleted' for name in ("call-google", "client", "cluster-ip", "load-bal", "mynginx")),
    ),
    row(
        "kubectl delete svc --all",
        *(f'service "{name}" deleted' for name in ("cluster-ip", "google-svc", "kubernetes", "load-bal", "myservice")),
    ),
    row("kubectl get pod", "No resources found in default namespace."),
    row("sleep 10; kubectl get svc", "kubernetes ClusterIP 10.43.0.1 <none> 443/TCP", hides="myservice"),
    row("kubectl exec client -- true", 'pods "client" not found', status=1),
]

STORIES: dict[str, list[Row]] = {
    "the whole chapter": WHOLE_CHAPTER,
    "6.1.1 a Pod that is created again has another address, its Service keeps its own": [
        *FIRST_POD,
        *FIRST_SERVICE,
        row("kubectl exec client -- curl -s 10.42.2.42", PAGE),
        row("kubectl delete pod mynginx", 'pod "mynginx" deleted'),
        row("kubectl exec client -- curl -sS myservice:8080", "curl: (7) Failed to connect to myservice", status=7),
        row("kubectl run mynginx --image nginx", "pod/mynginx created"),
        row("kubectl get pod mynginx -o jsonpath='{.status.podIP}'", "10.42.", hides="10.42.2.42"),
        row("kubectl exec client -- curl -sS -m 5 10.42.2.42", "curl: (", status=7),
        row("kubectl get svc myservice", "myservice ClusterIP 10.43.113.175 "),
        row("kubectl exec client -- curl -s myservice:8080", PAGE),
    ],
    "a Service spreads over several Pods and leaves out what is not ready": [
        row("kubectl create deployment web --image nginx --replicas 3", "deployment.apps/web created"),
        row("kubectl expose deployment web --port 80", "service/web exposed"),
        row("kubectl get endpointslices -l kubernetes.io/service-name=web", " 80 10.42."),
        row("kubectl scale deployment web --replicas 0", "deployment.apps/web scaled"),
        row("curl -sS $(kubectl get svc web -o jsonpath={.spec.clusterIP})", "curl: (7) Failed to connect", status=7),
    ],
    "6.2.1 a cluster address ends at the cluster: nodes and Pods reach it, the laptop does not": [
        *FIRST_POD,
        *FIRST_SERVICE,
        row("curl -s 10.43.113.175:8080", PAGE),
        row("kubectl exec client -- curl -s 10.43.113.175:8080", PAGE),
        laptop("curl -sS -m 3 10.43.113.175:8080", "curl: (28) ", status=28, hides=PAGE),
        laptop("curl -sS -m 3 myservice:8080", "curl: (6) Could not resolve host: myservice", status=6),
        laptop("curl -sS -m 3 10.42.2.42", "curl: (28) ", status=28, hides=PAGE),
        row("curl -sS -m 3 myservice:8080", "curl: (6) Could not resolve host: myservice", status=6),
    ],
    "6.2.1 the manifest as printed, indented with no-break spaces": [
        row("grep -c $'\\xc2\\xa0' cluster-ip.book.yaml", "21"),
        row(
            "kubectl apply -f cluster-ip.book.yaml",
            'Resource: "/v1, Resource=services", GroupVersionKind: "/v1, Kind=Service"\nName: "", Namespace: "default"',
            'from server for: "cluster-ip.book.yaml": resource name may not be empty',
            status=1,
        ),
        row(
            "kubectl create -f cluster-ip.book.yaml",
            "Error from server (BadRequest)",
            r'strict decoding error: unknown field "\u00a0 - port"',
            status=1,
        ),
        row("kubectl get pod", "No resources found in default namespace."),
        row(
            "sed 's/\\xc2\\xa0/ /g' cluster-ip.book.yaml > fixed.yaml; kubectl apply -f fixed.yaml",
            "service/cluster-ip created\npod/cluster-ip created\n",
        ),
    ],
    "6.2.2 node-port.yaml selects mynginx, not the Pod that it creates": [
        *FIRST_POD,
        row("kubectl apply -f node-port.yaml", "service/node-port created\npod/node-port created\n"),
        row("kubectl get endpointslices -l kubernetes.io/service-name=node-port", " 80 10.42.2.42 "),
        laptop("curl -s 172.31.0.10:30080", PAGE),
        row("kubectl delete pod mynginx", 'pod "mynginx" deleted'),
        row("kubectl get pod node-port", "node-port 1/1 Running"),
        laptop("curl -sS 172.31.0.10:30080", "curl: (7) Failed to connect to 172.31.0.10 port 30080", status=7),
        laptop("curl -sS 172.31.0.11:30080", "curl: (7) Failed to connect to 172.31.0.11 port 30080", status=7),
        row(FIX_SELECTOR.format("node-port"), "service/node-port selector updated"),
        laptop("curl -s 172.31.0.10:30080", PAGE),
        laptop("curl -s 172.31.0.11:30080", PAGE),
    ],
    "6.2.3 load-bal.yaml selects mynginx; its cluster address is no load balancer; its node port is open": [
        row("kubectl apply -f load-bal.yaml", "service/load-bal created\npod/load-bal created\n"),
        laptop("curl -sS 172.31.0.200:8080", "curl: (", status=7),
        row("kubectl run mynginx --image nginx", "pod/mynginx created"),
        row("curl -s 10.43.249.78:8080", PAGE),
        laptop("curl -sS -m 3 10.43.249.78:8080", "curl: (28) ", status=28),
        laptop("curl -s 172.31.0.200:8080", PAGE),
        laptop("curl -s 172.31.0.10:30088", PAGE),
        laptop("curl -s 172.31.0.11:30088", PAGE),
        row("kubectl delete pod mynginx", 'pod "mynginx" deleted'),
        laptop("curl -sS 172.31.0.200:8080", "curl: (", status=7),
        row(FIX_SELECTOR.format("load-bal"), "service/load-bal selector updated"),
        laptop("curl -s 172.31.0.200:8080", PAGE),
    ],
    "6.2.4 an alias leaves the Host header alone": [
        row("kubectl apply -f external.yaml", "service/google-svc created"),
        row("kubectl run client --image nginx", "pod/client created"),
        row("kubectl exec client -- curl -s google-svc", "Error 404 (Not Found)"),
        row('kubectl exec client -- curl -s -H "Host: google.com" google-svc', "301 Moved"),
        row("kubectl exec client -- curl -s google.com", "301 Moved"),
        row("kubectl exec client -- getent hosts google-svc", "google.com google-svc.default.svc.cluster.local"),
    ],
    "6.2.4 a Pod that succeeds and must always run again crashes": [
        row("kubectl apply -f external.yaml", "service/google-svc created"),
        row(
            'kubectl run call-google --image curlimages/curl -- curl -s -H "Host: google.com" google-svc',
            "pod/call-google created",
        ),
        row("sleep 60; kubectl get pod call-google", "call-google 0/1 CrashLoopBackOff"),
        row(
            "kubectl get pod call-google "
            "-o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode} {.spec.restartPolicy}'",
            "0 Always",
        ),
        row(
            "kubectl run once --image curlimages/curl --restart Never "
            '-- curl -s -H "Host: google.com" google-svc; sleep 30; kubectl get pod once',
            "once 0/1 Completed 0 ",
        ),
        row("kubectl logs once", "301 Moved"),
    ],
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_runs_as_typed(story: str) -> None:
    type_all(Cluster(), STORIES[story])


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_the_chapter_in_both_proxy_modes(mode: str) -> None:
    type_all(Cluster(proxy_mode=mode, seed=3), WHOLE_CHAPTER)


@pytest.mark.parametrize("node", ["master", "worker"])
def test_a_node_port_answers_on_both_nodes_wherever_the_pod_is(node: str) -> None:
    overrides = f'{{"spec": {{"nodeName": "{node}"}}}}'
    type_all(
        Cluster(),
        [
            row(f"kubectl run mynginx --image nginx --overrides '{overrides}'", "pod/mynginx created"),
            row("kubectl apply -f node-port.yaml", "service/node-port created"),
            row("kubectl get pod mynginx -o wide", f" {node} "),
            laptop("curl -s 172.31.0.10:30080", PAGE),
            laptop("curl -s 172.31.0.11:30080", PAGE),
            row("curl -s localhost:30080", PAGE),
        ],
    )


@pytest.mark.parametrize(
    ("provider", "shown", "answers"),
    [
        ("external", "172.31.0.200", ["172.31.0.200:8080"]),
        ("servicelb", "172.31.0.10,172.31.0.11", ["172.31.0.10:8080", "172.31.0.11:8080"]),
        ("none", "<pending>", ["172.31.0.10:30088"]),
    ],
)
def test_the_external_address_of_each_provider(provider: str, shown: str, answers: list[str]) -> None:
    type_all(
        Cluster(load_balancer=provider),
        [
            row("kubectl run mynginx --image nginx", "pod/mynginx created"),
            row("kubectl apply -f load-bal.yaml", "service/load-bal created"),
            row("kubectl get svc load-bal", f"load-bal LoadBalancer 10.43.249.78 {shown} 8080:30088/TCP"),
            *(laptop(f"curl -s {target}", PAGE) for target in answers),
        ],
    )


def test_a_silent_name_server_and_its_cure() -> None:
    cluster = Cluster()
    type_all(cluster, [*FIRST_POD, *FIRST_SERVICE, row("kubectl exec client -- curl -s myservice:8080", PAGE)])
    for pod in cluster.store.list("Pod", "kube-system", {"k8s-app": "kube-dns"}):
        cluster.suspend(pod["metadata"]["name"], "kube-system", ports=[53])
    before = cluster.simulation.now
    unresolved = row("kubectl exec client -- getent hosts myservice", "command terminated with exit code 2", status=2)
    type_all(cluster, [unresolved])
    assert cluster.simulation.now - before > 5
    type_all(
        cluster,
        [
            row("kubectl exec client -- curl -sS -m 3 myservice:8080", "curl: (28) Resolving timed out", status=28),
            row("kubectl exec client -- curl -sS myservice:8080", "curl: (", "myservice", status=6, hides=PAGE),
            row("kubectl exec client -- curl -s 10.42.2.42", PAGE),
            row("kubectl exec client -- curl -s 10.43.113.175:8080", PAGE),
            row("kubectl rollout restart deployment coredns -n kube-system", "deployment.apps/coredns restarted"),
            row("kubectl rollout status deployment coredns -n kube-system", "successfully rolled out"),
            row("kubectl exec client -- curl -s myservice:8080", PAGE),
        ],
    )


def test_the_network_model() -> None:
    """6.3: every Pod has its own address, and Pods and nodes see each other's, however they are placed."""
    cluster = Cluster()
    terminal = Terminal(cluster)
    for name, node in {"a": "master", "b": "master", "c": "worker"}.items():
        terminal.prepare(f'kubectl run {name} --image nginx --overrides \'{{"spec": {{"nodeName": "{node}"}}}}\'')
    address = {name: cluster.get("Pod", name).status.podIP for name in "abc"}
    assert len(set(address.values())) == 3
    sources = {f"pod/{name}": address[name] for name in "abc"} | {"node/master": "", "node/worker": ""}
    for source, own in sources.items():
        for name in "abc":
            journey = cluster.connect(source, f"http://{address[name]}")
            assert journey.reached, f"{source} must reach {name}"
            log = cluster.logs(name).splitlines()[-1]
            if own:
                assert log.startswith(f"{own} "), f"{name} must see {source} as {own}, it saw {log}"
    assert cluster.connect("pod/a", "172.31.0.11").outcome == "refused"
    assert cluster.connect("node/master", "172.31.0.11").outcome == "refused"
