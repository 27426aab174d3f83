"""Random sessions with a cluster, saved at a random step and taken up again by another process.

``python -m tests.cluster.sessions 1000`` plays that many and says which came out otherwise. The suite plays a few.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kubesim import Cluster, Terminal
from kubesim.api.errors import ApiError
from kubesim.api.resources import RESOURCE_TYPES

ROOT = Path(__file__).parents[2]
HOSTS = ("master", "worker", "laptop")
PODS, DEPLOYMENTS, SERVICES = ("a", "b", "client"), ("web", "api"), ("web", "api", "a")
LINES = (
    "kubectl run {pod} --image nginx",
    "kubectl run {pod} --image busybox --restart Never -- sh -c 'sleep {n}; exit {n}'",
    "kubectl create deployment {deployment} --image nginx --replicas {n}",
    "kubectl scale deployment {deployment} --replicas {n}",
    "kubectl set image deployment/{deployment} nginx=nginx:1.2{n}",
    "kubectl rollout restart deployment {deployment}",
    "kubectl rollout undo deployment {deployment}",
    "kubectl expose deployment {deployment} --port 80 --type NodePort",
    "kubectl expose pod {pod} --port 8{n} --target-port 80",
    "kubectl delete pod {pod} --wait=false",
    "kubectl delete deployment {deployment}",
    "kubectl delete svc {service}",
    "kubectl label pod {pod} tier=t{n} --overwrite",
    "kubectl get all -o wide",
    "kubectl get events",
    "kubectl describe pod {pod}",
    "kubectl logs {pod}",
    "kubectl exec {pod} -- sh -c 'echo {n} >> /tmp/x; wc -l < /tmp/x'",
    "kubectl exec {pod} -- curl -s -m {n} {service}",
    "curl -s -m 2 $(kubectl get svc {service} -o 'jsonpath={{.spec.clusterIP}}')",
    "N=$((N+{n})); echo $N $RANDOM | tee -a log; date",
    "f() {{ echo f $1 {n}; }}; f $N",
    "for i in $(seq {n}); do kubectl get pod {pod} -o 'jsonpath={{.status.phase}}'; sleep {n}; done",
    "sleep {n} & jobs",
    "cat log | sort | uniq -c",
    "getent hosts {service}; cat /etc/hosts",
    "kill $(pidof coredns)",
    "kubectl cordon worker; kubectl uncordon worker",
    "if then",
)  # fmt: skip
CALLS: tuple[tuple[Any, ...], ...] = (
    ("advance", "{n}"),
    ("connect", "pod/{pod}", "http://{service}"),
    ("connect", "laptop", "http://172.31.0.10:3000{n}"),
    ("resolve", "pod/{pod}", "{service}.default.svc.cluster.local"),
    ("patch", "Deployment", "{deployment}", {"metadata": {"annotations": {"n": "x"}}}),
    ("delete", "Pod", "{pod}"),
    ("exec", "{pod}", ["hostname"]),
    ("suspend", "{pod}"),
    ("resume", "{pod}"),
    ("fail_node", "worker"),
    ("recover_node", "worker"),
    ("apply", "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {service}}}\ndata: {{n: '{n}'}}\n"),
)
"""What a person does: lines typed into a terminal, and calls of the cluster's methods."""


def session(number: int, length: int = 12) -> tuple[int, list[list[Any]]]:
    """A session: the step at which it is saved, and what is done."""
    chance = random.Random(f"session/{number}")
    done = []
    for _ in range(length):
        names = {"pod": chance.choice(PODS), "deployment": chance.choice(DEPLOYMENTS)}
        names |= {"service": chance.choice(SERVICES), "n": str(chance.randint(1, 4))}
        if chance.random() < 0.1:
            done.append(["ctrl-c", chance.randint(1, 60), HOSTS[0], chance.choice(LINES).format(**names)])
        elif chance.random() < 0.7:
            done.append(["type", chance.choice(HOSTS[:2] * 2 + HOSTS), chance.choice(LINES).format(**names)])
        else:
            method, *arguments = chance.choice(CALLS)
            filled = [each.format(**names) if isinstance(each, str) else each for each in arguments]
            done.append([method, *([int(filled[0])] if method == "advance" else filled)])
    return chance.randint(0, length), done


def perform(cluster: Cluster, done: Iterable[list[Any]]) -> str:
    """Do things, and say what came of them."""
    heard = []
    for method, *arguments in done:
        try:
            if method == "ctrl-c":
                look, *line = arguments
                cluster.turn.plan([(look, "KeyboardInterrupt")])
                heard.append(typed(cluster, *line))
            elif method == "type":
                heard.append(typed(cluster, *arguments))
            else:
                heard.append(str(getattr(cluster, method)(*arguments)))
        except (ApiError, LookupError, KeyboardInterrupt) as refused:
            heard.append(str(refused))
    return "\n".join(heard)


def typed(cluster: Cluster, host: str, line: str) -> str:
    """Type a line into the terminal on a host, and say what the screen shows."""
    here = [each for each in cluster.guests.values() if each.on == host]
    return (here[0] if here else Terminal(cluster, on=host)).screen(line)


def state(cluster: Cluster) -> str:
    """All that is to be seen of a cluster."""
    objects = {each.kind: cluster.store.list(each.kind) for each in RESOURCE_TYPES}
    seen = perform(cluster, (["type", host, "iptables-save; conntrack -L; ls -la; ps; date +%s.%N"] for host in HOSTS))
    return json.dumps([objects, seen, cluster.simulation.now, cluster.store.resource_version])


def goes_on(cluster: Cluster, rest: Iterable[list[Any]]) -> str:
    """A short form of everything that follows from here."""
    return hashlib.sha256((perform(cluster, rest) + state(cluster)).encode()).hexdigest()


def play(number: int, folder: Path) -> str:
    """Play a session in this process, saving it on the way; what followed after the save."""
    stop, done = session(number)
    cluster = Cluster(seed=number)
    perform(cluster, done[:stop])
    cluster.save(folder / f"{number}.journal")
    return goes_on(cluster, done[stop:])


def take_up(number: int, folder: Path) -> str:
    """Take a saved session up; what follows after the save."""
    stop, done = session(number)
    return goes_on(Cluster.restore(folder / f"{number}.journal"), done[stop:])


def differing(numbers: Iterable[int]) -> list[int]:
    """The sessions that come out otherwise when another process, with other hashes of strings, takes them up."""
    with tempfile.TemporaryDirectory() as name:
        played = {str(number): play(number, Path(name)) for number in numbers}
        command = [sys.executable, "-m", "tests.cluster.sessions", "--take-up", name, *played]
        environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
        output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment).stdout
    taken_up = json.loads(output)
    return [int(number) for number, followed in played.items() if taken_up[number] != followed]


def main(words: list[str]) -> int:
    """Play sessions, or take them up for another process."""
    if words[:1] == ["--take-up"]:
        print(json.dumps({number: take_up(int(number), Path(words[1])) for number in words[2:]}))
        return 0
    count = int(words[0]) if words else 1000
    bad = [number for first in range(0, count, 50) for number in differing(range(first, min(first + 50, count)))]
    print(f"{count} sessions saved and taken up by another process, {len(bad)} came out otherwise: {bad}")
    return bool(bad)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
