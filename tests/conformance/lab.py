"""The cluster on which programs were recorded: two nodes, a few Pods and Services, a laptop, some outside names.

Only what the recorder set up by hand is made here (objects, a small test server, packets that a Pod's own firewall
drops); everything that is compared comes from the simulator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.data_directory import DATA
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.sockets import Connection, Sockets
from kubesim.network.trace import Outcome
from kubesim.programs.http import Broken, Certificate, ClientHello, byte_length, request_text
from kubesim.programs.machine import Machine
from kubesim.programs.program_table import COMMON, programs_named
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Completed

PODS = {
    "client": ("10.42.1.5", "worker", "nginx"),
    "web": ("10.42.0.7", "master", "nginx"),
    "web2": ("10.42.0.8", "master", "nginx"),
    "web3": ("10.42.1.7", "worker", "nginx"),
    "misc": ("10.42.0.10", "master", "registry.k8s.io/pause:3.10"),
}
SERVICES: dict[str, tuple[str, dict[str, Any]]] = {
    "myservice": ("10.43.113.175", {"selector": {"app": "web"}, "ports": [{"port": 8080, "targetPort": 80}]}),
    "cluster-ip": ("10.43.30.30", {"selector": {"app": "web"}, "ports": [{"port": 80}]}),
    "many": ("10.43.20.20", {"selector": {"tier": "many"}, "ports": [{"port": 80}]}),
    "headless": ("None", {"selector": {"tier": "many"}, "ports": [{"port": 80}]}),
    "headless-empty": ("None", {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}),
    "empty": ("10.43.66.66", {"selector": {"app": "nobody"}, "ports": [{"port": 8080}]}),
    "notready": ("10.43.66.67", {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}),
    "wrongport": ("10.43.66.68", {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8888}]}),
    "deadpod": ("10.43.66.69", {"ports": [{"port": 80}]}),
    "itplocal": (
        "10.43.66.71",
        {"selector": {"app": "web"}, "ports": [{"port": 80}], "internalTrafficPolicy": "Local"},
    ),
    "misc": (
        "10.43.70.70",
        {"selector": {"app": "misc"}, "ports": [{"name": "s", "port": 8443}, {"name": "c", "port": 8444}]},
    ),
    "udp-echo": ("10.43.70.71", {"selector": {"app": "misc"}, "ports": [{"port": 9999, "protocol": "UDP"}]}),
    "udp-empty": ("10.43.70.72", {"selector": {"app": "nobody"}, "ports": [{"port": 9999, "protocol": "UDP"}]}),
    "node-port": (
        "10.43.40.40",
        {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "nodePort": 30080}]},
    ),
    "node-port-local": (
        "10.43.40.41",
        {
            "type": "NodePort",
            "selector": {"app": "web"},
            "externalTrafficPolicy": "Local",
            "ports": [{"port": 80, "nodePort": 30081}],
        },
    ),
    "node-port-empty": (
        "10.43.40.42",
        {"type": "NodePort", "selector": {"app": "nobody"}, "ports": [{"port": 80, "nodePort": 30082}]},
    ),
    "google-svc": ("", {"type": "ExternalName", "externalName": "google.com"}),
    "ext-svc": ("", {"type": "ExternalName", "externalName": "nosuch.example.com"}),
}
HOSTS = {name: {"hostname": f"web-{n}", "subdomain": "headless"} for n, name in enumerate(("web", "web2", "web3"))}
SILENT = {("10.42.0.7", 81): Outcome.DROPPED, ("10.42.0.7", 82): Outcome.REJECTED, ("10.42.0.7", 83): Outcome.REFUSED}
SILENT |= {("10.42.0.7", 84): Outcome.REJECTED}
NETWORKS = {"192.0.2.": (Outcome.UNREACHABLE, 0.0), "203.0.113.": (Outcome.UNREACHABLE, 0.0)}
IMAGES = {"busybox-musl": ("busybox", "musl"), "busybox-glibc": ("busybox", "glibc"), "alpine": ("alpine", "musl")}


class LabSockets(Sockets):
    """Sockets with the recorder's extra firewall rules on the way."""

    dns: Outcome | None = None
    """What the way to the cluster's DNS does instead of delivering."""

    def ping(self, address: str) -> Connection:
        made = super().ping(address)
        for prefix, (outcome, seconds) in NETWORKS.items():
            if address.startswith(prefix):
                trace = structs.replace(
                    made.trace, outcome=outcome, seconds=seconds, delivered=None, destination="internet/router"
                )
                return replace(made, way=structs.replace(made.way, trace=trace))
        return made

    def connect(self, address: str, port: int, protocol: str = "TCP", source_port: int = 0) -> Connection:
        made = super().connect(address, port, protocol, source_port)
        outcome, seconds = SILENT.get((address, port)), float("inf")
        if outcome in (Outcome.REJECTED, Outcome.REFUSED):
            seconds = 0.0
        if port == 53 and address == "10.43.0.10" and self.dns is not None:
            seconds = float("inf") if self.dns is Outcome.DROPPED else 0.0
            trace = structs.replace(made.trace, outcome=self.dns, seconds=seconds, delivered=None)
            return replace(made, way=structs.replace(made.way, trace=trace))
        for prefix, (answer, delay) in NETWORKS.items():
            if address.startswith(prefix):
                outcome, seconds = answer, delay
        if outcome is None or protocol != "TCP":
            return made
        trace = structs.replace(made.trace, outcome=outcome, seconds=seconds, delivered=None)
        return replace(made, way=structs.replace(made.way, trace=trace))


@dataclass
class Misc:
    """The recorder's test server: one path, one way to answer."""

    tls: bool = False
    issuer: str = "misc"

    def handle(self, request: Any, client: Client) -> object:
        if isinstance(request, ClientHello):
            return Certificate("misc", ("misc",), self.issuer) if self.tls else "400"
        if not isinstance(request, HttpRequest):
            return None
        if self.tls and not request.tls:
            return Broken(reset=True)
        path = request.target.partition("?")[0]
        special = {
            "/empty": Broken(),
            "/rst0": Broken(reset=True),
            "/trunc": Broken(response=self._page("x" * 100, length=1000)),
            "/stall": Broken(response=self._page("x" * 100, length=1000), stalls=True),
        }
        if path in special:
            return special[path]
        if path == "/echo":
            return self._page(request_text(request))
        if path == "/none":
            return HttpResponse(204, "No Content", (("Server", "misc"), ("Connection", "close")))
        if path == "/big":
            return self._page("z" * 100_000)
        if path == "/chunk":
            head = (("Server", "misc"), ("Transfer-Encoding", "chunked"), ("Connection", "close"))
            return HttpResponse(200, "OK", head, "hello world")
        redirects = {"/301": (301, "Moved Permanently", "/"), "/loop": (302, "Found", "/loop")}
        redirects["/302dead"] = (302, "Found", "http://nosuchname/")
        if path in redirects:
            status, reason, target = redirects[path]
            return self._page("moved\n", status, reason, ("Location", target))
        if path == "/503":
            return self._page("try later\n", 503, "Service Unavailable")
        if path == "/500":
            return self._page("broken\n", 500, "Internal Server Error")
        if path == "/slow2":
            return replace(self._page("hello from misc\n"), seconds=2.01)
        return self._page("" if request.method == "HEAD" else "hello from misc\n")

    def _page(
        self, body: str, status: int = 200, reason: str = "OK", *more: tuple[str, str], length: int | None = None
    ) -> HttpResponse:
        size = byte_length(body) if length is None else length
        head = (
            ("Server", "misc"),
            ("Content-Type", "text/plain"),
            ("Content-Length", str(size)),
            *more,
            ("Connection", "close"),
        )
        return HttpResponse(status, reason, head, body)


class Echo:
    """A UDP echo server."""

    def handle(self, request: Any, client: Client) -> object:
        return request


class Closing:
    """A server that ends connections at once."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def handle(self, request: Any, client: Client) -> object:
        return self.answer


class Resolver:
    """The recorder's outside resolver, in front of the simulated Internet's."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def handle(self, request: Any, client: Client) -> object:
        name = request.name.lower() if isinstance(request, DnsQuery) else ""
        own = {("only6.example.com.", "AAAA"): ("2404:6800:4004:81c::200e",)}
        own[("two.example.com.", "A")] = ("198.51.100.7", "142.250.206.14")
        if name in ("only6.example.com.", "two.example.com."):
            records = tuple(
                DnsRecord(request.name, request.type, each, 30) for each in own.get((name, request.type), ())
            )
            return DnsResponse("NOERROR", records, recursion_available=True)
        rcodes = {"servfail.example.com.": "SERVFAIL", "refused.example.com.": "REFUSED", "noa.example.com.": "NOERROR"}
        if name in rcodes:
            return DnsResponse(rcodes[name], recursion_available=True)
        return self.inner.handle(request, client)


@dataclass
class Lab:
    """A fresh cluster with the recorded objects."""

    cluster: Cluster = field(init=False)
    machines: dict[tuple[str, str], Machine] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loaded = ClusterConfiguration.load(DATA / "clusters" / "recorded.yaml")
        pods = {f"default/{name}": address for name, (address, _, _) in PODS.items()}
        services = {f"default/{name}": address for name, (address, _) in SERVICES.items() if address[:1].isdigit()}
        pins = type(loaded.pins)(pods=pods, services=services)
        outside = tuple(type(each)(name=each.name, address="172.31.0.100") for each in loaded.outside)
        configuration = _replaced(loaded, pins=pins, outside=outside)
        self.cluster = Cluster(configuration, seed=0)
        for name, (_, node, image) in PODS.items():
            labels = {"app": name, "tier": "many" if name.startswith("web") else "one"}
            spec = {"nodeName": node, "containers": [{"name": name, "image": image}], **HOSTS.get(name, {})}
            self.cluster.apply(
                [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}]
            )
        for name, (address, spec) in SERVICES.items():
            extra = {"clusterIP": address} if address else {}
            body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {**spec, **extra}}
            self.cluster.apply([body])
        dead = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "deadpod"}}
        dead["subsets"] = [{"addresses": [{"ip": "10.42.0.99"}], "ports": [{"port": 80}]}]  # type: ignore[assignment]
        self.cluster.apply([dead])
        self.cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}])
        place = {"name": "db", "namespace": "other"}
        port = {"port": 5432, "targetPort": 80}
        self.cluster.apply([{"apiVersion": "v1", "kind": "Service", "metadata": place, "spec": {"ports": [port]}}])
        known = {"apiVersion": "v1", "kind": "Endpoints", "metadata": place}
        known["subsets"] = [{"addresses": [{"ip": "10.42.0.7"}], "ports": [{"port": 80}]}]  # type: ignore[assignment]
        self.cluster.apply([known])
        self.cluster.settle()
        network = self.cluster.network
        misc = "pod/default/misc"
        network.listen(misc, "TCP", 80, Misc())
        network.listen(misc, "TCP", 8443, Misc(tls=True))
        for signed in (8444, 8445):
            network.listen(misc, "TCP", signed, Misc(tls=True, issuer="lab-ca"))
        network.listen(misc, "TCP", 9000, Closing(Broken()))
        network.listen(misc, "TCP", 9003, Closing("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"))
        network.listen(misc, "TCP", 9004, Closing(Broken(reset=True)))
        network.listen(misc, "UDP", 9999, Echo())
        for name in ("internet/dns.google",):
            for protocol in ("TCP", "UDP"):
                inner = network.server(name, protocol, 53, "8.8.8.8")
                if inner is not None:
                    network.close(name, protocol, 53)
                    network.listen(name, protocol, 53, Resolver(inner))

    def machine(self, pod: str, image: str = "") -> Machine:
        """A place where commands were typed, with every program that the recorder had there."""
        key = (pod, image)
        if key not in self.machines:
            host = pod in ("master", "worker", "laptop")
            base = self.cluster.machine(f"node/{pod}" if pod in ("master", "worker") else pod if host else f"pod/{pod}")
            flavour, libc = IMAGES.get(image, (base.flavour, base.libc))
            programs = {**programs_named([*COMMON, "nginx"], flavour)}
            made = replace(base, programs=programs, flavour=flavour, libc=libc)
            if not made.files.exists("/lab/tls/ca.crt"):
                made.files.make_directory("/lab/tls", parents=True)
                made.files.write("/lab/tls/ca.crt", "the recorder's own authority\n")
            made.sockets = LabSockets(self.cluster.network, base.sockets.machine)
            self.machines[key] = made
        return self.machines[key]

    def _prepare(self, machine: Machine, case: dict[str, Any]) -> None:
        """The state of the network at this case: what DNS does, and the connections that conntrack is asked about.

        The traffic before a ``conntrack`` command was not recorded; it is made again from the original tuples.
        """
        sockets = machine.sockets
        assert isinstance(sockets, LabSockets)
        sockets.dns = _dns_of(case)
        if "conntrack -" not in case["command"]:
            return
        network = self.cluster.network
        for node in ("node/master", "node/worker"):
            network.forget_connections(node, lambda entry: True)
        owners = {address: f"pod/default/{name}" for name, (address, _, _) in PODS.items()}
        owners |= {"172.31.0.100": "laptop", "172.31.0.10": "node/master", "172.31.0.11": "node/worker"}
        for line in case["stdout"].splitlines():
            match = re.match(r"(\w+) .*?src=(\S+) dst=(\S+) (?:sport=(\d+) dport=(\d+)|type)", line)
            if not match or match[2] not in owners:
                continue
            way = LabSockets(network, owners[match[2]])
            if match[1] == "icmp":
                way.ping(match[3])
                continue
            made = way.connect(match[3], int(match[5]), match[1].upper(), int(match[4]))
            if "TIME_WAIT" in line:
                made.close()

    def run(self, case: dict[str, Any]) -> Completed | str:
        """Type a recorded command where it was typed."""
        situation = case["situation"]
        machine = self.machine(situation.get("pod", "client"), situation.get("image", ""))
        self._prepare(machine, case)
        shell = "bash"
        try:
            done = machine.run([shell, "-c", case["command"]], directory="/var/tmp")
        except ExecutableNotFoundError as error:
            return str(error)
        assert isinstance(done, Completed)
        return done


def _dns_of(case: dict[str, Any]) -> Outcome | None:
    told = case["situation"].get("dns", "")
    if re.search(r"queries dropped", told):
        return Outcome.DROPPED
    return Outcome.REJECTED if "ICMP port-unreachable" in told else None


def _replaced(configuration: Any, **changes: Any) -> Any:
    values = {name: getattr(configuration, name) for name in configuration.__struct_fields__}
    return type(configuration)(**{**values, **changes})


VOLATILE = (
    (r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", "STAMP"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "STAMP"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "STAMP"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", "DATE"),
    (r'ETag: "[0-9a-f]+-', 'ETag: "TIME-'),
    (r"after \d+ ms", "after N ms"),
    (r"after (\d+)\d\d\d milliseconds", r"after \1xxx milliseconds"),
    (r"timeout after \d+ms", "timeout after N ms"),
    (r"from (\S+) port \d+ failed", r"from \1 port N failed"),
    (r"\* Request completely sent off\n", ""),
    (r"\* upload completely sent off: \d+ bytes\n", ""),
    (r"(\r *\d+ +\S+ +\d+ +\S+ +\d+ +\S+) +\S+ +\S+ (.{8}) (.{8}) (.{8}) +\S+", r"\1 SPEED \3"),
    (r"time=[\d.]+ ms", "time=T"),
    (r"time \d+ms", "time T"),
    (r"= [\d.]+/[\d.]+/[\d.]+(/[\d.]+)? ms", "= TIMES"),
    (r"\d+\.\d+ [MK]B/s", "RATE"),
    (r"\b\d+ [MK]B/s", "RATE"),
    (r"100% +[\d.]+[MKG]?=[\d.]+s", "100% RATE"),
    (r"\b(time_\w+\":)[\d.]+", r"\1T"),
    (r"\b(total|connect|dns|start)=[\d.]+", r"\1=T"),
    (r"\bspeed(_download\":|=)\d+", r"speed\1N"),
    (r"\b(lport=|local_port\":)\d+", r"\1N"),
    (r" \d\.\d{6}\b", " T"),
    (r"\d+#\d+: \*\d+", "PID#PID: *N"),
    (r"\d+#\d+:", "PID#PID:"),
    (r"(process|SIGHUP\) received from|SIGCHLD\) received from) \d+", r"\1 PID"),
    (r"OS: Linux \S+", "OS: Linux KERNEL"),
    (r"RLIMIT_NOFILE\): \d+:\d+", "RLIMIT"),
    (r"(sport|dport)=(\d{4,5})\b", lambda m: m[0] if int(m[2]) in (8080, 30080, 8443) else f"{m[1]}=N"),
    (r"\bid=\d+", "id=N"),
    (r"(?m)^ +inet6 fe80.*\n +valid_lft.*\n", ""),
    (r" fe80::\S+", ""),
    (r"(?m)^\d+: (\w+)(@if\d+)?", r"N: \1"),
    (r"(?m)^(eth0|veth\w+)@if\d+ +", r"\1 "),
    (r" link-netnsid \d+", ""),
    (r"(lladdr|link/ether) [0-9a-f:]{17}", r"\1 MAC"),
    (r"\b(?!00:00)[0-9a-f]{2}(:[0-9a-f]{2}){5} <", "MAC <"),
    (r"v1\.8\.11 \(nf_tables\) on|v1\.8\.11 on", "on"),
    (r"on [A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]+ \d{4}", "on DATE"),
    (r"\[\d+:\d+\]", "[N:N]"),
    (r"\(\d+ references\)", "(N references)"),
    (r"\d+\.\d{3} ms", "T ms"),
    (r"date: [A-Z][a-z]{2} +\d+ [\d:]+ \d{4} GMT", "date: DATE"),
    (r"(?m)^(tcp|udp|icmp) +(\d+) \d+", r"\1 \2 LEFT"),
)


def clean(text: str) -> str:
    """A text without what chance or the clock decides."""
    for pattern, replacement in VOLATILE:
        text = re.sub(pattern, replacement, text)
    return text
