"""``programs_resolve.json``: what resolving programs print, and the queries that they really send.

Each case gets a machine with the recorded ``resolv.conf`` and a network that replays the recorded answers (a query
that was not recorded gets none). Compared are text, exit status, the sequence of queries (those that left at the same
moment in any order) and the time to within a second. Not compared, because it is chance: the order of several
addresses, which of them is first, TTLs, ids, milliseconds, message sizes, and for busybox the order of its blocks,
which is that of arrival.
"""

from __future__ import annotations

import re
import shlex
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from kubesim.network.dns import hosts_file, resolv_conf
from kubesim.network.dns.exchange import DNS_PORT, Asker, Exchange
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.service import HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.images import ImageCatalogue
from kubesim.programs.machine import Machine
from kubesim.programs.program_table import COMMON, programs_named
from kubesim.simulation import Simulation
from kubesim.userland.process import Completed
from tests.conformance.lab import ADDRESSES, WORLD
from tests.conformance.result import Result, judged

RESOLV_CONF = resolv_conf.for_pod("ClusterFirst", "default", "nameserver 172.31.0.1\n")
CLIENT = "10.42.1.5"
CONTAINERS = {
    "busybox-musl": "busybox:musl",
    "busybox-glibc": "busybox",
    "busybox-uclibc": "busybox",
    "alpine": "alpine",
}
LIBRARIES = {"busybox-musl": "musl", "alpine": "musl", "busybox-uclibc": "uclibc"}
NODE_HOSTS = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n172.31.0.11\tworker\n"
Query = tuple[float, str, str, str]
"""When, to which server, name, type."""
SECONDS = 1.0
"""How far apart the recorded and the simulated time may be."""


def run(path: Path, document: dict[str, Any]) -> Iterator[Result]:
    """Every case."""
    return judged(document["cases"], _judge)


def _judge(case: dict[str, Any]) -> Iterator[Result]:
    of_a_pod = "node_resolv_conf" in case["situation"] or case["id"].startswith("etc-")
    yield _file_of_a_pod(case) if of_a_pod else _program(case)


# --- the network ------------------------------------------------------------------------------------------


@dataclass
class Replay:
    """The recorded network: each question's answers in the order in which they came."""

    case: dict[str, Any]
    moments: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    address: str = CLIENT

    def __post_init__(self) -> None:
        for query in self.case.get("dns") or []:
            if "name" in query and query["name"] is not None:
                key = (query["server"], query["name"].lower(), query["type"])
                self.moments.setdefault(key, []).append(query)

    def connect(
        self, address: str, port: int, protocol: str = "TCP", source_port: int = 0, *, later: float = 0.0
    ) -> Socket:
        return Socket(self, address, port, protocol)

    def outcome(self, address: str, port: int) -> Outcome:
        if address.startswith("127."):
            return Outcome.REFUSED
        if port not in (53, 54):
            return Outcome.DELIVERED
        if any(" < icmp " in line and address in line for line in self.case.get("net") or []):
            return Outcome.REJECTED
        answered = any(one.get("answer") for key, found in self.moments.items() if key[0] == address for one in found)
        return Outcome.DELIVERED if answered else Outcome.DROPPED


@dataclass
class Socket:
    network: Replay
    address: str
    port: int
    protocol: str
    trace: Any = None
    exchange: Any = field(default_factory=lambda: SimpleNamespace(opened=0.0, held=0.0))

    def __post_init__(self) -> None:
        self.outcome = self.network.outcome(self.address, self.port)
        self.seconds = float("inf") if self.outcome is Outcome.DROPPED else 0.0
        self.local, self.remote = (CLIENT, 40000), (self.address, self.port)

    def request(self, message: Any) -> Any:
        if isinstance(message, DnsQuery):
            return self._dns(message)
        if isinstance(message, HttpRequest):
            return _page(self.address, message)
        return None

    def close(self, held: float = 0.0) -> None:
        pass

    def _dns(self, query: DnsQuery) -> DnsResponse | None:
        found = self.network.moments.get((self.address, query.name.lower(), query.type), [])
        moment = found.pop(0) if len(found) > 1 else (found[0] if found else {})
        answer = moment.get("answer")
        if not answer:
            return None
        flags = answer["flags"].split()
        return DnsResponse(
            answer["rcode"],
            tuple(_record(one) for one in answer.get("records") or []),
            tuple(_record(one) for one in answer.get("authority") or []),
            tuple(_record(one) for one in answer.get("additional") or []),
            authoritative="aa" in flags,
            recursion_available="ra" in flags,
            seconds=answer["dt"] if answer["dt"] > 0.5 else 0.0,
            edns=1232 if query.edns is not None else None,
        )


def _record(text: str) -> DnsRecord:
    name, ttl, record_type, data = text.split(" ", 3)
    if re.fullmatch(r"([0-9a-f]{2})+", data) and record_type not in ("A", "AAAA"):  # kept as bytes on the wire
        wire = bytes.fromhex(data)
        kind = dns.rdatatype.from_text(record_type)
        data = dns.rdata.from_wire(dns.rdataclass.IN, kind, wire, 0, len(wire)).to_text()
    return DnsRecord(name, record_type, data, int(ttl))


def _page(address: str, request: HttpRequest) -> HttpResponse:
    """The two web servers that the recorded commands meet: nginx' page, and Google's redirect."""
    host = dict(request.headers).get("Host", "")
    if address.startswith("10."):
        lines = ("<!DOCTYPE html>", "<html>", "<head>", "<title>Welcome to nginx!</title>", "")
        return HttpResponse(200, "OK", (("Content-Type", "text/html"),), "\n".join(lines))
    if host.startswith("www."):
        body = "<!doctype html><html><head><title>Google</title></head></html>"
        return HttpResponse(200, "OK", (("Content-Type", "text/html"),), body)
    return HttpResponse(301, "Moved Permanently", (("Location", f"http://www.{host}/"),), "")


# --- running and comparing --------------------------------------------------------------------------------


def _machine(case: dict[str, Any], network: Replay) -> Machine:
    situation = case["situation"]
    image = situation.get("image", "")
    busybox = image or case["command"].startswith("busybox ")  # the recorder had put one beside Debian's programs
    flavour = "alpine" if image == "alpine" else "busybox" if busybox else "debian"
    files = {"/etc/resolv.conf": _resolv_conf(case), "/etc/hosts": hosts_file.for_pod(CLIENT, "client")}
    found = ImageCatalogue.load().find(CONTAINERS.get(image, "nginx"))
    assert found is not None
    made = found.machine(
        name="pod/default/client",
        hostname="client",
        sockets=network,  # type: ignore[arg-type]
        simulation=Simulation(),
        network_files=files,
    )
    programs = programs_named([*COMMON, "busybox"], flavour)
    return replace(made, programs=programs, flavour=flavour, libc=LIBRARIES.get(image, "glibc"))


def _resolv_conf(case: dict[str, Any]) -> str:
    written = case["situation"].get("resolv", "")
    if "\n" in written:
        return written
    servers = {query.get("server") for query in case.get("dns") or [] if query.get("server")}
    if case["situation"].get("pod") == "laptop":
        return "nameserver 172.31.0.1\n"
    server = next((one for one in sorted(servers) if one != "10.43.0.10"), None)
    return RESOLV_CONF.replace("10.43.0.10", server) if server is not None else RESOLV_CONF


def _program(case: dict[str, Any]) -> Result:
    network = Replay(case)
    machine = _machine(case, network)
    with _recorded_queries() as queries:
        try:
            completed = _execute(machine, case)
        except Exception:
            return Result(case["id"], False, case["stdout"], traceback.format_exc())
    expected = (
        _comparable(case["stdout"], case),
        _comparable(case["stderr"], case),
        case["returncode"],
        _sequence(
            [(one["t"], one["server"], one["name"], one["type"]) for one in case.get("dns") or [] if one.get("name")]
        ),
    )
    got = (
        _comparable(completed.stdout, case),
        _comparable(completed.stderr, case),
        completed.returncode,
        _sequence(queries),
    )
    in_time = abs(completed.seconds - case["seconds"]) <= SECONDS
    if expected == got and not in_time:
        return Result(case["id"], False, case["seconds"], completed.seconds)
    return Result(case["id"], expected == got, expected, got)


@contextmanager
def _recorded_queries() -> Iterator[list[Query]]:
    """Every query that leaves meanwhile, whatever becomes of it."""
    queries: list[Query] = []
    original = Asker.send

    def send(self: Asker, server: str, query: DnsQuery, patience: float, port: int = DNS_PORT) -> Exchange:
        if not server.startswith("127.") and port == DNS_PORT:
            queries.append((self.elapsed, server, query.name, query.type))
        return original(self, server, query, patience, port)

    with mock.patch.object(Asker, "send", send):
        yield queries


def _execute(machine: Machine, case: dict[str, Any]) -> Completed:
    command = case["command"]
    if "|" in command or "'" in command or '"' in command:
        done = machine.run(("bash" if machine.flavour == "debian" else "sh", "-c", command), case.get("stdin", ""))
    else:
        done = machine.run(tuple(shlex.split(command)), case.get("stdin", ""))
    assert isinstance(done, Completed), done
    return done


def _sequence(queries: list[Query]) -> list[Counter[tuple[str, str, str]]]:
    """The queries in groups: those of one time-out's length that ask for one name count as sent together.

    A search program that sends all its questions at once is one group as well.
    """
    groups: list[Counter[tuple[str, str, str]]] = []
    last: tuple[str, int] | None = None
    for moment, server, name, record_type in queries:
        key = (name.lower(), round(moment))
        if key != last:
            groups.append(Counter())
        groups[-1][server, name.lower(), record_type] += 1
        last = key
    return groups


def _comparable(text: str, case: dict[str, Any]) -> Any:
    """Text without what chance decides."""
    text = re.sub(r"id: \d+", "id: N", text)
    text = re.sub(r"COOKIE: [0-9a-f]+", "COOKIE: N", text)
    text = re.sub(r"Query time: \d+ msec", "Query time: N msec", text)
    text = re.sub(r"in \d+ ms", "in N ms", text)
    text = re.sub(r"WHEN: .*", "WHEN: N", text)
    text = re.sub(r"(MSG SIZE  rcvd:|Received) \d+", r"\1 N", text)
    text = re.sub(r"(?m)^([^;\s]\S*)\s+\d+\s+IN\s+(\S+)\s+", r"\1 TTL IN \2 ", text)
    several = _addresses_of_one_name(case)
    for address in several:
        text = re.sub(rf"(?<![\d.]){re.escape(address)}(?![\d.])[ \t]*", "ADDRESS ", text)
    if case["situation"].get("image") or "busybox" in case["command"]:
        return sorted(text.splitlines())
    if several or _several_records(case):
        return sorted(text.splitlines())
    return text


def _several_records(case: dict[str, Any]) -> bool:
    return any(len((query.get("answer") or {}).get("records") or []) > 1 for query in case.get("dns") or [])


def _addresses_of_one_name(case: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for query in case.get("dns") or []:
        records = [_record(one) for one in (query.get("answer") or {}).get("records") or []]
        addresses = [record.data for record in records if record.type == "A"]
        found += addresses if len(addresses) > 1 else []
    return sorted(set(found))


# --- files that the kubelet writes ------------------------------------------------------------------------


def _file_of_a_pod(case: dict[str, Any]) -> Result:
    """``/etc/resolv.conf``, ``/etc/hosts`` and ``/etc/hostname`` of a Pod, from what the case's words say of it."""
    name, why = case["id"], case["situation"].get("why", "")
    on_host = "hostnetwork" in f"{name} {why}".lower()
    expected = case["stdout"]
    if name.startswith("etc-hostname"):
        got = ("worker" if on_host else _named(why)) + "\n"
    elif name.startswith("etc-hosts"):
        got = hosts_file.for_host_network_pod(NODE_HOSTS) if on_host else _hosts(why)
    else:
        got = _resolv_conf_of(why, case["situation"].get("node_resolv_conf", ""), on_host)
        if "not fixed" in case["situation"].get("note", ""):
            expected, got = (" ".join(sorted(text.split())) for text in (expected, got))
    return Result(name, expected == got, expected, got)


def _named(why: str) -> str:
    """The name that a Pod calls itself by: its hostname, else its own."""
    words = re.search(r"hostname[: ]+([a-z0-9-]+)|pod (?:named )?([a-z0-9-]+)", why)
    return next(filter(None, words.groups()), "client") if words is not None else "client"


def _hosts(why: str) -> str:
    name, namespace = _named(why), re.search(r"namespace ([a-z0-9-]+)", why)
    address = re.search(r"\d+\.\d+\.\d+\.\d+", why)
    subdomain = re.search(r"subdomain[: ]+([a-z0-9-]+)", why)
    own = address[0] if address is not None else ADDRESSES.get(name, CLIENT)
    zone = f"{namespace[1] if namespace is not None else 'default'}.svc.cluster.local"
    return hosts_file.for_pod(own, name, f"{subdomain[1]}.{zone}" if subdomain is not None else "")


def _resolv_conf_of(why: str, node: str, on_host: bool) -> str:
    namespace = re.search(r"namespace (\S+?)[,;]?(\s|$)", why)
    policy = re.search(r"dnsPolicy (\w+)", why)
    config = WORLD["dns-config"] if "dnsConfig" in why else {}
    options = [
        (option, value or None) for option, _, value in (each.partition(":") for each in config.get("options", ()))
    ]
    return resolv_conf.for_pod(
        policy[1] if policy is not None else "ClusterFirst",
        namespace[1] if namespace is not None else "default",
        node,
        host_network=on_host,
        nameservers=tuple(config.get("nameservers", ())),
        searches=tuple(config.get("searches", ())),
        options=options,
    )
