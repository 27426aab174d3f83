"""CoreDNS as a whole: blocks, plugins, reload. Answers are CoreDNS's documented ones."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubesim.network.dns.coredns import COREFILE, CoreDNS
from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.dns.plugins import PLUGINS
from kubesim.network.dns.public import PublicDns
from kubesim.network.service import Client
from kubesim.network.trace import Outcome
from kubesim.simulation import Simulation
from tests.network.dns.surroundings import CLIENT, FakeConnection, Network, coredns

STOCK = """.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    forward . /etc/resolv.conf
}
"""
FILES = {"/etc/coredns/NodeHosts": "172.31.0.10 master\n", "/etc/resolv.conf": "nameserver 8.8.8.8\n"}


def service(name: str, address: str = "10.43.0.7", namespace: str = "default", **spec: Any) -> dict[str, Any]:
    fields = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80}], **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": fields}


def objects(*items: dict[str, Any]) -> KubernetesObjects:
    namespaces = ({"kind": "Namespace", "metadata": {"name": name}} for name in ("default", "shop"))
    return KubernetesObjects.of([*namespaces, *items], modified=1)


def internet() -> Network:
    public = PublicDns.from_names({"google.com": "142.250.206.14", "www.example.com": {"CNAME": "google.com."}})
    return Network({"8.8.8.8": lambda query: public.handle(query, CLIENT)})


def ask(server: CoreDNS, name: str, record_type: str = "A") -> DnsResponse:
    return server.handle(DnsQuery(name, record_type), CLIENT)


def test_outside_names_are_forwarded_and_counted_down_by_the_cache() -> None:
    simulation = Simulation()
    server = coredns(STOCK, objects(), FILES, internet(), simulation)
    first = ask(server, "google.com.")
    assert (first.addresses(), first.flags, first.answer[0].ttl) == (("142.250.206.14",), "qr rd ra", 30)
    simulation.advance(10)
    again = ask(server, "google.com.")
    assert (again.flags, again.answer[0].ttl) == ("qr aa rd ra", 20)


def test_an_external_name_is_completed_outside() -> None:
    server = coredns(
        STOCK, objects(service("google", type="ExternalName", externalName="google.com")), FILES, internet()
    )
    answer = ask(server, "google.default.svc.cluster.local.").answer
    assert [(record.type, record.data) for record in answer] == [("CNAME", "google.com."), ("A", "142.250.206.14")]


def test_node_names_come_from_the_hosts_file_which_is_read_again() -> None:
    simulation = Simulation()
    server = coredns(STOCK, objects(), dict(FILES), internet(), simulation)
    assert ask(server, "master.").addresses() == ("172.31.0.10",)
    server.surroundings.files.files["/etc/coredns/NodeHosts"] = "172.31.0.20 master\n"  # type: ignore[attr-defined]
    simulation.advance(40)
    assert ask(server, "master.").addresses() == ("172.31.0.20",)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(Outcome.LOST, "i/o timeout"), (Outcome.REJECTED, "read: connection refused")],
)
def test_a_dead_upstream_is_servfail_and_a_line_in_the_log(outcome: Outcome, reason: str) -> None:
    server = coredns(STOCK, objects(), FILES, Network({"8.8.8.8": outcome}))
    response = ask(server, "google.com.")
    assert (response.rcode, response.flags) == ("SERVFAIL", "qr rd")
    assert response.seconds == (6.0 if outcome is Outcome.LOST else 0.0)
    line = server.surroundings.log[-1]
    assert line.startswith("[ERROR] plugin/errors: 2 google.com. A: read udp 10.42.0.2:")
    assert line.endswith(f"->8.8.8.8:53: {reason}")


def test_a_name_that_no_server_block_holds_is_refused() -> None:
    assert ask(coredns("example.org {\n  errors\n}"), "example.com.").rcode == "REFUSED"


def test_the_most_specific_server_block_answers() -> None:
    text = '. {\n template IN A . {\n answer "{{ .Name }} 60 IN A 10.0.0.1"\n }\n}\n'
    text += "example.org {\n hosts {\n 10.0.0.2 www.example.org\n }\n}\n"
    server = coredns(text)
    assert ask(server, "www.example.org.").addresses() == ("10.0.0.2",)
    assert ask(server, "www.example.com.").addresses() == ("10.0.0.1",)


def test_rewrite_changes_the_question_and_gives_the_answer_the_old_name() -> None:
    text = ". {\n rewrite name shop.example cart.shop.svc.cluster.local\n kubernetes cluster.local\n}"
    server = coredns(text, objects(service("cart", "10.43.0.9", "shop")))
    (record,) = ask(server, "shop.example.").answer
    assert (record.name, record.data) == ("shop.example.", "10.43.0.9")


def test_rewrite_by_pattern_with_an_answer_rule() -> None:
    text = (
        ". {\n rewrite name regex (.*)\\.old\\.example {1}.default.svc.cluster.local "
        "answer name (.*)\\.default\\.svc\\.cluster\\.local {1}.old.example\n kubernetes cluster.local\n}"
    )
    (record,) = ask(coredns(text, objects(service("web"))), "web.old.example.").answer
    assert record.name == "web.old.example."


def test_ttl_pods_and_namespaces_are_obeyed() -> None:
    text = ". {\n kubernetes cluster.local {\n ttl 17\n pods disabled\n namespaces shop\n }\n}"
    server = coredns(text, objects(service("web"), service("cart", "10.43.0.9", "shop")))
    assert ask(server, "cart.shop.svc.cluster.local.").answer[0].ttl == 17
    assert ask(server, "web.default.svc.cluster.local.").rcode == "NXDOMAIN"
    assert ask(server, "10-42-0-3.shop.pod.cluster.local.").rcode == "NXDOMAIN"


def test_the_log_plugin_writes_a_line_a_query() -> None:
    server = coredns(". {\n log\n kubernetes cluster.local\n}", objects(service("web")))
    ask(server, "web.default.svc.cluster.local.")
    line = server.surroundings.log[-1]
    assert line.startswith("[INFO] 10.42.0.9:40000 - ")
    assert '"A IN web.default.svc.cluster.local. udp ' in line
    assert " NOERROR qr,aa,rd " in line


def test_start_up_is_told() -> None:
    log = coredns(STOCK, objects(), FILES).surroundings.log
    assert log[0] == ".:53"
    assert log[1].startswith("[INFO] plugin/reload: Running configuration SHA512 = ")
    assert log[2].startswith("CoreDNS-")


class TestReload:
    def server(self) -> CoreDNS:
        return coredns(STOCK, objects(service("web")), dict(FILES), internet())

    def change(self, server: CoreDNS, text: str) -> bool:
        server.surroundings.files.files[COREFILE] = text  # type: ignore[attr-defined]
        return server.look_again()

    def test_nothing_happens_while_only_blanks_change(self) -> None:
        assert not self.change(self.server(), STOCK.replace("    cache 30", "\n  cache 30  # seconds"))

    def test_a_new_corefile_is_taken_up(self) -> None:
        server = self.server()
        assert self.change(server, STOCK.replace("pods insecure", "pods disabled"))
        assert ask(server, "10-42-0-3.default.pod.cluster.local.").rcode == "NXDOMAIN"
        assert server.surroundings.log[-1] == "[INFO] Reloading complete"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (STOCK.replace("cache 30", "cachee 30"), "Unknown directive 'cachee'"),
            (STOCK.replace("pods insecure", "pods maybe"), "wrong value for pods: maybe"),
        ],
    )
    def test_one_that_cannot_be_used_leaves_the_old_one_in_place(self, text: str, words: str) -> None:
        server = self.server()
        assert not self.change(server, text)
        assert words in server.surroundings.log[-1]
        assert ask(server, "web.default.svc.cluster.local.").rcode == "NOERROR"

    def test_it_cannot_start_with_one(self) -> None:
        with pytest.raises(CorefileError, match="Unknown directive 'cachee'"):
            coredns(STOCK.replace("cache 30", "cachee 30"), files=FILES)


def test_circles_of_external_names_through_the_server_itself_end() -> None:
    text = ". {\n kubernetes a.local b.local\n}"
    items = (
        service("x", "", type="ExternalName", externalName="y.default.svc.b.local"),
        service("y", "", type="ExternalName", externalName="x.default.svc.a.local"),
    )
    response = ask(coredns(text, objects(*items)), "x.default.svc.a.local.")
    assert all(record.type == "CNAME" for record in response.answer)


def test_an_answer_costs_no_search_through_the_services() -> None:
    cache = objects(*(service(f"s{number}", f"10.43.{number // 250}.{number % 250}") for number in range(2000)))
    response = ask(coredns(". {\n kubernetes cluster.local in-addr.arpa\n}", cache), "99.1.43.10.in-addr.arpa.", "PTR")
    assert response.answer[0].data == "s349.default.svc.cluster.local."


label = st.text(alphabet="abz019-_", min_size=1, max_size=63)
name = st.lists(label, min_size=1, max_size=12).map(lambda labels: ".".join(labels) + ".")
below_the_zone = st.builds(lambda one, kind: f"{one}{kind}.cluster.local.", name, st.sampled_from(["svc", "pod", "x"]))
types = st.sampled_from(["A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "MX", "NS", "SOA", "ANY", "AXFR", "HTTPS"])


@settings(max_examples=200)
@given(st.one_of(name, below_the_zone, st.text(max_size=260)), types)
def test_every_question_has_an_answer(asked: str, record_type: str) -> None:
    server = coredns(STOCK, objects(service("a"), service("b", "None", clusterIPs=["None"])), FILES, internet())
    response = server.handle(DnsQuery(asked, record_type), CLIENT)
    assert response.rcode in ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR")


words = st.sampled_from(
    [
        *PLUGINS,
        "{",
        "}",
        "\n",
        "\n",
        "\n",
        ".",
        "cluster.local",
        "30",
        "ttl",
        "pods",
        "insecure",
        "fallthrough",
        "x",
        "name",
        "regex",
        "(",
        "[a",
        "IN",
        "A",
        "answer",
        "match",
        "/etc/resolv.conf",
        "10.0.0.1",
        "-1",
        "99999999",
    ]
)


@settings(max_examples=300)
@given(st.lists(words, max_size=25).map(" ".join))
@example("log \n kubernetes")
def test_every_corefile_is_used_or_refused(text: str) -> None:
    try:
        server = coredns(f".:53 {{\n{text}\n}}\n", objects(), FILES, internet())
    except CorefileError as error:
        assert str(error)
    else:
        assert isinstance(ask(server, "web.default.svc.cluster.local."), DnsResponse)


def test_records_of_a_response_are_values() -> None:
    assert str(DnsRecord("a.", "A", "10.0.0.1", 5)) == "a.\t5\tIN\tA\t10.0.0.1"


class TestServer:
    """What the server does around its chains."""

    TEXT = (
        'a.example b.example:54 {\n template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n }\n}\n'
        'sub.a.example {\n template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.2"\n }\n}\n'
        "empty.example {\n health\n}\n"
    )

    @pytest.mark.parametrize(
        ("name", "port", "expected"),
        [
            ("x.a.example.", 53, "192.0.2.1"),
            ("A.EXAMPLE.", 53, "192.0.2.1"),
            ("a.example", 53, "192.0.2.1"),
            ("x.sub.a.example.", 53, "192.0.2.2"),
            ("xsub.a.example.", 53, "192.0.2.1"),
            ("a.example.", 54, "REFUSED"),
            ("b.example.", 54, "192.0.2.1"),
            ("b.example.", 53, "REFUSED"),
            ("example.", 53, "REFUSED"),
            (".", 53, "REFUSED"),
            ("x.empty.example.", 53, "REFUSED"),
            ("a..example.", 53, "FORMERR"),
            (f"{'a' * 64}.a.example.", 53, "FORMERR"),
        ],
    )
    def test_which_block_answers(self, name: str, port: int, expected: str) -> None:
        response = coredns(self.TEXT).handle(DnsQuery(name), CLIENT, port)
        assert (response.addresses() or (response.rcode,)) == (expected,)

    def test_its_ports(self) -> None:
        server = coredns(self.TEXT)
        assert server.ports == (53, 54)
        assert list(server.endpoints) == [8080]
        answer = server.on_port(54).handle(DnsQuery("b.example."), CLIENT)
        assert isinstance(answer, DnsResponse)
        assert answer.addresses() == ("192.0.2.1",)
        assert server.on_port(54).handle("GET / HTTP/1.1", CLIENT) is None

    @pytest.mark.parametrize("name", ["a.example.", "x.example.", "a..example."])
    def test_what_the_query_says_comes_back(self, name: str) -> None:
        server = coredns(self.TEXT)
        for desired in (True, False):
            response = server.handle(DnsQuery(name, recursion_desired=desired), CLIENT)
            assert response.recursion_desired is desired

    @pytest.mark.parametrize(("edns", "told"), [(None, None), (512, 1232), (4096, 1232)])
    def test_a_client_that_speaks_edns_is_told_its_size(self, edns: int | None, told: int | None) -> None:
        assert coredns(self.TEXT).handle(DnsQuery("a.example.", edns=edns), CLIENT).edns == told

    def test_a_long_answer_is_cut(self) -> None:
        records = "\n".join(f'answer "{{{{ .Name }}}} 60 IN A 192.0.2.{last}"' for last in range(1, 100))
        server = coredns(f". {{\n template IN A {{\n {records}\n }}\n}}")
        assert server.handle(DnsQuery("a.example."), CLIENT).truncated
        assert not server.handle(DnsQuery("a.example.", transport="TCP"), CLIENT).truncated

    def test_start_up_is_told_whole(self) -> None:
        log = coredns(self.TEXT).surroundings.log
        assert log == [
            "a.example.:53",
            "b.example.:54",
            "sub.a.example.:53",
            "empty.example.:53",
            "CoreDNS-1.14.4",
            "linux/amd64, go1.26.3, 232d7ca",
        ]

    def test_a_missing_file(self) -> None:
        surroundings = coredns(self.TEXT).surroundings
        with pytest.raises(CorefileError, match=r"^open /etc/missing: no such file or directory$"):
            CoreDNS(surroundings, "/etc/missing")

    def test_an_environment(self) -> None:
        surroundings = coredns("{$ZONE} {\n errors\n}").surroundings
        assert surroundings.log == ["CoreDNS-1.14.4", "linux/amd64, go1.26.3, 232d7ca"]  # a block without keys is none
        server = CoreDNS(surroundings, environment={"ZONE": "lab.test"})
        assert server.handle(DnsQuery("a.lab.test."), CLIENT).rcode == "SERVFAIL"
        assert server.handle(DnsQuery("a.example."), CLIENT).rcode == "REFUSED"


PARTS = {"/etc/coredns/custom/a.override": "log\n", "/etc/coredns/b": "errors\n"}


class TestImports:
    def test_beside_the_corefile_or_from_the_root(self) -> None:
        server = coredns(". {\n import custom/*.override\n import /etc/coredns/b\n}", files=PARTS)
        server.handle(DnsQuery("a."), CLIENT)
        assert [line.split()[0] for line in server.surroundings.log[-2:]] == ["[INFO]", "[ERROR]"]

    def test_a_pattern_that_nothing_matches_is_told(self) -> None:
        log = coredns(". {\n import custom/*.server\n}", files=PARTS).surroundings.log
        assert log[0] == "[WARNING] No files matching import glob pattern: custom/*.server"

    def test_a_look_sees_what_is_imported_and_tells_each_time_what_is_not(self) -> None:
        server = coredns(". {\n import custom/*.server\n import b\n}", files={"/etc/coredns/b": "log"})
        files, log = server.surroundings.files.files, server.surroundings.log  # type: ignore[attr-defined]
        missing = "[WARNING] No files matching import glob pattern: custom/*.server"
        for _ in range(2):
            before = len(log)
            assert not server.look_again()
            assert log[before:] == [missing]
        for path, text in (("/etc/coredns/b", "errors"), ("/etc/coredns/custom/a.server", "log")):
            files[path] = text
            assert server.look_again()
            assert not server.look_again()
        del files["/etc/coredns/b"]
        for _ in range(2):
            before = len(log)
            assert not server.look_again()
            assert "Corefile parse failed" in log[before:][-1]


class TestReloadSteps:
    OLD = 'a.example {\n template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.1"\n }\n}\n'
    NEW = OLD.replace("192.0.2.1", "192.0.2.2")

    def look(self, server: CoreDNS, text: str | None) -> tuple[bool, list[str]]:
        files = server.surroundings.files.files  # type: ignore[attr-defined]
        files.pop(COREFILE) if text is None else files.update({COREFILE: text})
        before = len(server.surroundings.log)
        return server.look_again(), server.surroundings.log[before:]

    def test_step_by_step(self) -> None:
        server = coredns(self.OLD)
        assert self.look(server, None) == (False, [])
        assert self.look(server, self.OLD) == (False, [])
        assert self.look(server, "a.example {")[1] == [
            "[WARNING] plugin/reload: Corefile parse failed: "
            "/etc/coredns/Corefile:1 - Error during parsing: Unexpected EOF"
        ]
        bad = "a.example {\n loadbalance best\n}"
        reason = "plugin/loadbalance: /etc/coredns/Corefile:2 - Error during parsing: unknown policy: best"
        assert self.look(server, bad) == (
            False,
            [
                "[INFO] Reloading",
                f"[ERROR] Restart failed: {reason}",
                f"[ERROR] plugin/reload: Corefile changed but reload failed: {reason}",
            ],
        )
        assert self.look(server, bad) == (False, [])  # not tried again
        assert ask(server, "a.example.").addresses() == ("192.0.2.1",)
        done, log = self.look(server, self.NEW)
        assert done
        assert [line.split(" = ")[0] for line in log] == [
            "[INFO] Reloading",
            "[INFO] plugin/reload: Running configuration SHA512",
            "[INFO] Reloading complete",
        ]
        assert ask(server, "a.example.").addresses() == ("192.0.2.2",)

    @pytest.mark.parametrize(
        ("other", "changed"),
        [
            (OLD.replace(" {", "   {  # here"), False),
            (OLD.replace("a.example", "a.example:53"), False),
            (OLD.replace("a.example", "b.example"), True),
            (OLD.replace("IN A {", "IN ANY {"), True),
            (OLD.replace("}\n}", "}\n errors\n}"), True),
            (OLD.replace("answer", "additional"), True),
        ],
    )
    def test_what_counts_as_a_change(self, other: str, changed: bool) -> None:
        assert self.look(coredns(self.OLD), other)[0] is changed


class Mirror:
    """A network in which every address is the server itself."""

    def __init__(self) -> None:
        self.server: CoreDNS | None = None

    def connect(self, address: str, port: int, protocol: str = "TCP") -> FakeConnection:
        assert self.server is not None
        server = self.server
        return FakeConnection(Outcome.DELIVERED, 0.0, lambda query: server.handle(query, Client("10.42.0.2", 40001)))


@pytest.mark.parametrize(
    ("corefile", "seconds", "found"),
    [
        (".:53 {\n loop\n forward . 10.43.0.10\n}", 2.0, True),  # by then it takes its upstream for dead
        (".:53 {\n forward . 10.43.0.10\n}", 6.0, False),
        (".:53 {\n loop\n template IN ANY {\n rcode NXDOMAIN\n }\n}", 0.0, False),
    ],
    ids=["loop", "nobody looks", "no way back"],
)
def test_a_question_that_comes_back_is_not_answered_and_loop_ends_the_server(
    corefile: str, seconds: float, found: bool
) -> None:
    mirror = Mirror()
    mirror.server = server = coredns(corefile, network=mirror)
    said = server.loop_found()
    assert bool(said) is found
    if found:
        assert said.startswith('[FATAL] plugin/loop: Loop (10.42.0.2:40001 -> :53) detected for zone ".", see ')
        assert '#troubleshooting. Query: "HINFO ' in said
    answer = server.handle(DnsQuery("example.com."), CLIENT)
    assert answer is not None
    assert (answer.rcode, answer.seconds) == ("SERVFAIL" if seconds else "NXDOMAIN", seconds)
