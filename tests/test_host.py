"""Nothing that is typed reaches the machine that it is typed on: no file, no connection, no process of it.

The lines are typed in a process of their own, under an audit hook, which nobody can take away again. What it may open
are Python's own modules and the course's files.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kubesim.cluster import Cluster
from kubesim.cluster.configuration import ClusterConfiguration, ClusterFileError

SCRIPT = r"""
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


def test_nothing_typed_touches_the_host() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input="\0".join(LINES),
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parent.parent,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)


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
