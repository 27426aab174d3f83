"""Nothing that is typed reaches the machine that it is typed on: no file, no connection, no process of it.

The lines are typed in a process of their own, as a notebook, ``kubesim shell`` and a client of ``kubesim serve`` would,
under an audit hook, which nobody can take away again. What it may open are Python's own modules and the course's files;
a server accepts connections besides, and no more.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from kubesim.cluster import Cluster
from kubesim.cluster.configuration import ClusterConfiguration, ClusterFileError
from tests.serve.conftest import Client

HOOK = r"""
import os, sys, zoneinfo
own = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *zoneinfo.TZPATH, os.getcwd()}
allowed = tuple(os.path.realpath(each) for each in own if each)
touched = []
watching = False

def hook(event, arguments):
    if not watching:
        return
    if event in ("open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir", "os.chdir", "os.truncate"):
        path = arguments[0]
        if isinstance(path, int) or path is None:
            return
        path = os.path.realpath(os.fsdecode(path))
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if path.startswith(allowed) and not writes and event in ("open", "os.listdir", "os.scandir"):
            return
        touched.append((event, path))
    elif event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn",
                           "os.kill", "shutil.", "ctypes.", "urllib.", "http.", "ftplib.", "os.putenv")):
        touched.append((event, repr(arguments)[:80]))

import pandas  # the library itself sets up what it needs when it is loaded
"""

NOTEBOOK = r"""
from kubesim import Cluster
from kubesim.terminal import Terminal
cluster = Cluster()
terminals = [Terminal(cluster, on=host) for host in ("master", "worker", "laptop")]
terminals[0].prepare("kubectl run a --image nginx")
sys.addaudithook(hook)
watching = True
for line in sys.stdin.read().split("\0"):
    for terminal in terminals[:3 if len(line) % 2 else 1]:
        terminal.run(line)
for give in (
    lambda: cluster.apply("/etc/passwd"),
    lambda: cluster.exec("a", ["sh", "-c", "cat /etc/shadow; ls /proc/self"]),
    lambda: cluster.connect("laptop", "file:///etc/passwd"),
    lambda: cluster.connect("pod/a", "http://127.0.0.1:22"),
    lambda: cluster.reachability(["laptop"], ["http://example.com"]),
    lambda: cluster.diagnose("laptop", "http://localhost"),
):
    try:
        str(give())
    except Exception as problem:
        assert "Traceback" not in str(problem)
watching = False
print("\n".join(map(str, touched)))
"""

SHELL = r"""
import contextlib, io
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from kubesim import Cluster
from kubesim.command import main
from kubesim.command.shell import TerminalCompleter, talk
from kubesim.terminal import Terminal

class Keyboard:
    '''Types the lines, with Tab before each Enter.'''

    def __init__(self, terminal, lines):
        self.completer, self.lines = TerminalCompleter(terminal), list(lines)

    def prompt(self, shown):
        if not self.lines:
            raise EOFError
        line = self.lines.pop(0)
        list(self.completer.get_completions(Document(line), CompleteEvent()))
        return line

lines = sys.stdin.read().split("\0")
terminal = Terminal(Cluster(), live=True)
terminal.prepare("kubectl run a --image nginx")
sys.addaudithook(hook)
watching = True
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    talk(terminal, Keyboard(terminal, lines))
    sys.stdin = io.StringIO("\n".join(lines[::7]))
    main(["shell"])
watching = False
print("\n".join(map(str, touched)))
"""

SERVE = r"""
import pathlib, tempfile
folder = tempfile.mkdtemp()
from kubesim import Cluster, serve
cluster = Cluster()
cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
               "spec": {"containers": [{"name": "a", "image": "nginx"}]}})
cluster.settle()
server = serve.start(cluster, kubeconfig=pathlib.Path(folder) / "kubeconfig", speed=0)
sys.addaudithook(hook)
watching = True
print(server.kubeconfig, flush=True)
sys.stdin.readline()
watching = False
server.stop()
print("\n".join(str(each) for each in touched if each[0] != "socket.__new__"))  # a connection that is accepted is one
"""
"""Serves until a line comes; its own socket is open by then, and its kubeconfig is written."""

PLACES = (
    "/etc/passwd",
    "/etc/shadow",
    "../../../../etc/passwd",
    "/proc/self/environ",
    "/dev/tcp/127.0.0.1/22",
    "~root/.ssh",
)
READERS = (
    "cat {}",
    "head -1 < {}",
    "source {}",
    "kubectl apply -f {}",
    "kubectl create cm x --from-file={}",
    "curl file://{}",
    "curl -T {} http://10.43.0.1",
    "curl -o {} http://10.43.0.1:443",
    "wget -O {} http://10.43.0.1:443",
    "tee {} < f",
    "echo x >> {}",
    "ln -s {} l; cat l",
    "awk '{{print}}' {}",
    "sed -n p {}",
    "sed -i s/a/b/ {}",
    "grep -r root {}",
    "sh {}",
    "rm -rf {}",
    "mv f {}",
    "cp {} g",
    "find {} -type f",
    "nginx -c {}",
    "kubectl get pods --kubeconfig={}",
    "cd {}; ls; pwd",
    "kubectl get pods -o jsonpath-file={}",
    "kubectl exec a -- cat {}",
    "kubectl patch pod a --patch-file={}",
    ". {}",
)
LINES = (
    *(reader.format(place) for reader in READERS for place in PLACES),
    "exec 3<>/dev/tcp/93.184.216.34/80; cat <&3",
    "python3 -c 'import os; os.system(\"id\")'",
    "perl -e 'system(1)'",
    "curl http://169.254.169.254/latest/meta-data",
    "curl http://localhost:8888",
    "curl --unix-socket /var/run/docker.sock x",
    "nc 127.0.0.1 22 < f",
    "ssh localhost",
    "$(which bash) -c id",
    "env -i /bin/sh -c id",
    "kill -9 -1",
    "kill -9 1; kill 0",
    'awk \'BEGIN{system("id"); "id" | getline x; print x > "/tmp/x"}\'',
    "xargs -a /etc/passwd echo",
    "sudo reboot",
    "export LD_PRELOAD=/tmp/x.so; ls",
    "trap 'cat /etc/passwd' EXIT; exit",
    "cat /proc/1/root/etc/passwd",
    "mount; df; lsblk",
    ":(){ :|:& };:",
    "kubectl proxy",
    "kubectl port-forward a 8080:80 &",
    "kubectl cp a:/etc/passwd /tmp/p",
    "kubectl edit pod a",
    "kubectl get --raw /../../etc/passwd",
    "kubectl apply -f http://127.0.0.1:8888/x.yaml",
    "kubectl debug a -it --image busybox",
    "kubectl --server http://127.0.0.1:8888 get pods",
    "kubectl config view --raw",
    "kubectl plugin list",
    "date -s now",
    "ping -c1 127.0.0.1; dig @127.0.0.1 x; nslookup x 8.8.8.8",
    "git clone x; make; vi f; ed f",
    "history -w /etc/x; fc -e vi",
)


def started(script: str) -> subprocess.Popen[str]:
    """A process of its own, under the audit hook."""
    return subprocess.Popen(
        [sys.executable, "-c", HOOK + script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )


@pytest.mark.parametrize(("script", "lines"), [(NOTEBOOK, LINES), (SHELL, LINES[::6])], ids=["notebook", "shell"])
def test_nothing_typed_touches_the_host(script: str, lines: Sequence[str]) -> None:
    with started(script) as process:
        said, complained = process.communicate("\0".join(lines), timeout=300)
    assert (said.strip(), complained, process.returncode) == ("", "", 0)


def spec(**parts: object) -> dict[str, object]:
    return {"containers": [{"name": "c", "image": "busybox", **parts}]}


HOST_VOLUME = {"name": "v", "hostPath": {"path": "/etc"}}
BODIES: tuple[tuple[str, dict[str, object]], ...] = (
    ("/api/v1/namespaces/default/pods", spec(command=["cat", "/etc/passwd"])),
    ("/api/v1/namespaces/default/pods", spec(command=["sh", "-c", "echo x > /tmp/x; wget http://127.0.0.1:22"])),
    ("/api/v1/namespaces/default/pods", {**spec(), "hostNetwork": True, "hostPID": True, "volumes": [HOST_VOLUME]}),
    ("/api/v1/namespaces/default/pods", spec(image="file:///etc/passwd", imagePullPolicy="Always")),
    ("/api/v1/namespaces/default/pods", spec(livenessProbe={"httpGet": {"host": "127.0.0.1", "port": 22}})),
    ("/api/v1/namespaces/default/services", {"type": "ExternalName", "externalName": "localhost"}),
)
PATHS = (
    "/../../../../etc/passwd",
    "/api/v1/../../../etc/passwd",
    "/static/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/logs/../../etc/shadow",
    "/openapi/v3/../../../etc/passwd",
    "/api/v1/nodes/master/proxy/logs/",
    "/api/v1/nodes/master/proxy/run/default/a/a?cmd=id",
    "/api/v1/namespaces/default/pods/a/proxy/",
    "/api/v1/namespaces/default/pods/http:a:80/proxy/../../etc/passwd",
    "/api/v1/namespaces/default/services/http:127.0.0.1:22/proxy/",
    "/api/v1/namespaces/default/pods/a/log?container=/etc/passwd",
    "/api/v1/namespaces/default/pods/a/exec?command=cat&command=/etc/passwd&stdout=true",
    "/api/v1/namespaces/default/pods/a/portforward?ports=22",
    "/api/v1/namespaces/default/configmaps/..%2f..%2fetc%2fpasswd",
    "/apis/apps/v1/deployments?watch=1&timeoutSeconds=1",
    "/metrics",
    "/debug/pprof/",
)


async def executed(client: Client, line: str) -> str:
    """What a line typed in a container shows, asked for as kubectl does."""
    words = "&".join(f"command={quote(word)}" for word in ("sh", "-c", line))
    path = f"/api/v1/namespaces/default/pods/a/exec?{words}&stdout=true&stderr=true"
    url = f"wss://{client.place.netloc}{path}"
    asked = HTTPRequest(url, headers={"Authorization": f"Bearer {client.token}"}, ssl_options=client.tls)
    connection = await websocket_connect(asked, subprotocols=["v5.channel.k8s.io"])
    shown = b""
    while (message := await connection.read_message()) is not None:
        shown += message[1:] if isinstance(message, bytes) else message.encode()
    connection.close()
    return shown.decode()


def test_nothing_that_a_client_asks_touches_the_host() -> None:
    with started(SERVE) as process:
        assert process.stdin is not None and process.stdout is not None
        kubeconfig = Path(process.stdout.readline().strip())
        client = Client(kubeconfig)
        for number, (path, body) in enumerate(BODIES):
            wire = {"metadata": {"name": f"x{number}"}, "spec": body}
            assert client.ask("POST", path, wire).status in (201, 400, 422), body
        for path in PATHS:
            for method in ("GET", "POST", "DELETE"):
                assert client.ask(method, path, {} if method == "POST" else None).status < 600
        told = [asyncio.run(executed(client, line)) for line in LINES[::12]]
        assert told[0].startswith("root:x:0:0:"), "the image's /etc/passwd must be shown"
        shutil.rmtree(kubeconfig.parent)
        said, complained = process.communicate("\n", timeout=60)
    assert (said.strip(), complained, process.returncode) == ("", "", 0)


@pytest.mark.parametrize("field", ["images", "internet", "addons", "base"])
@pytest.mark.parametrize(
    "given", ["/etc/hostname", "../secret.yaml", "link.yaml", "/proc/self/environ", "nosuch.yaml", "\0", "x" * 5000]
)
def test_what_a_cluster_file_names_lies_in_its_folder(field: str, given: str, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("images: []\n")
    inside = tmp_path / "mine"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    document = {"base": "k3s.yaml", field: [given] if field == "addons" else given}
    with pytest.raises(ClusterFileError, match="must be"):
        Cluster(ClusterConfiguration.from_document(document, inside))
