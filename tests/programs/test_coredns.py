"""CoreDNS as a program: its start, its end on a bad Corefile, and its rhythm of reloading."""

import gc
from typing import Any

import pytest

from kubesim.api.store import Store
from kubesim.network.dns.message import DnsQuery, DnsResponse
from kubesim.network.service import Client, HttpRequest
from kubesim.programs.coredns import coredns, watched_objects
from kubesim.programs.machine import Machine
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed, Running, Start
from tests.network.dns.surroundings import DeadNetwork

CLIENT = Client("10.42.0.9", 40000)
COREFILE = ".:53 {\n  health\n  ready\n  prometheus :9153\n  kubernetes cluster.local\n  reload\n}\n"


def service(name: str, address: str) -> dict[str, Any]:
    spec = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


@pytest.fixture
def machine() -> Machine:
    store = Store()
    store.commit({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    files = FileSystem()
    files.make_directory("/etc/coredns", parents=True)
    files.write("/etc/coredns/Corefile", COREFILE)
    return Machine(
        "pod/kube-system/coredns",
        "coredns",
        files,
        {"coredns": coredns},
        Simulation(),
        sockets=DeadNetwork(),
        store=store,  # type: ignore[arg-type]
    )


def start(machine: Machine) -> Completed | Running:
    return coredns(Start(("coredns", "-conf", "/etc/coredns/Corefile"), machine))


def ask(running: Running, name: str) -> DnsResponse:
    response = running.listeners["UDP", 53].handle(DnsQuery(name), CLIENT)
    assert isinstance(response, DnsResponse)
    return response


def test_it_listens_and_follows_the_store(machine: Machine) -> None:
    running = start(machine)
    assert isinstance(running, Running)
    assert set(running.listeners) == {("UDP", 53), ("TCP", 53), ("TCP", 8080), ("TCP", 8181), ("TCP", 9153)}
    assert ask(running, "web.default.svc.cluster.local.").rcode == "NXDOMAIN"
    assert machine.store is not None
    machine.store.commit(service("web", "10.43.0.7"))
    assert ask(running, "web.default.svc.cluster.local.").addresses() == ("10.43.0.7",)
    machine.store.delete("Service", "web", "default")
    assert ask(running, "web.default.svc.cluster.local.").rcode == "NXDOMAIN"


@pytest.mark.parametrize(("port", "path", "body"), [(8080, "/health", "OK"), (8181, "/ready", "OK")])
def test_its_pages_answer(machine: Machine, port: int, path: str, body: str) -> None:
    running = start(machine)
    assert isinstance(running, Running)
    page = running.listeners["TCP", port].handle(HttpRequest("GET", path), CLIENT)
    assert (page.status, page.body) == (200, body)


def test_a_corefile_that_cannot_be_used_ends_it(machine: Machine) -> None:
    machine.files.write("/etc/coredns/Corefile", COREFILE.replace("reload", "relaod"))
    ended = start(machine)
    assert isinstance(ended, Completed)
    assert ended.returncode == 1
    assert ended.stderr == "/etc/coredns/Corefile:6 - Error during parsing: Unknown directive 'relaod'\n"


def test_it_looks_at_the_corefile_about_every_thirty_seconds(machine: Machine) -> None:
    running = start(machine)
    assert isinstance(running, Running)
    running.go_on(machine.simulation, lambda status: None)
    machine.files.write("/etc/coredns/Corefile", COREFILE.replace("local\n", "local {\n    ttl 9\n  }\n"))
    machine.simulation.advance(20)
    assert "[INFO] Reloading complete" not in running.log
    machine.simulation.advance(20)
    assert "[INFO] Reloading complete" in running.log


def test_a_forgotten_process_watches_no_longer(machine: Machine) -> None:
    assert machine.store is not None
    objects = watched_objects(machine.store, machine.simulation)
    del objects
    gc.collect()
    machine.store.commit(service("web", "10.43.0.7"))
    assert not machine.store._watchers
