"""Beginning to serve, and ending it: from Python and from a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubesim import Cluster, serve
from tests.serve.conftest import Client


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


def test_a_notebook_s_cluster_is_served_live(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "before")
    with cluster.serve(speed=0) as server:
        assert os.environ["KUBECONFIG"] == str(server.kubeconfig)
        client = Client(server.kubeconfig)
        client.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "theirs"}})
        assert cluster.get("configmaps", "theirs").metadata.name == "theirs"
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ours"}})
        assert client.get("/api/v1/namespaces/default/configmaps/ours").status == 200
    assert os.environ["KUBECONFIG"] == "before"
    assert not server.kubeconfig.exists()
    server.stop()  # a second time does nothing


def test_what_clients_did_is_in_the_journal(cluster: Cluster, tmp_path: Path) -> None:
    with serve.start(cluster, speed=0) as server:
        Client(server.kubeconfig).ask("POST", "/api/v1/namespaces", {"metadata": {"name": "kept"}})
    cluster.save(tmp_path / "journal")
    again = Cluster.restore(tmp_path / "journal")
    assert again.store.snapshot() == cluster.store.snapshot()


def test_a_port_that_is_taken(cluster: Cluster) -> None:
    with serve.start(cluster, speed=0) as server:
        port = int(server.address.rpartition(":")[2])
        with pytest.raises(ValueError, match=f"the port must be one that is free, got {port}"):
            serve.start(cluster, port)


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    file, journal = tmp_path / "config", tmp_path / "journal"
    words = [sys.executable, "-m", "kubesim", "serve", "--kubeconfig", str(file), "--save", str(journal)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        assert f"export KUBECONFIG={file}\n" in "".join(lines)
        assert "127.0.0.1" in file.read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert journal.exists()
