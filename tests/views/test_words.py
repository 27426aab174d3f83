"""A journey in words, as a table and as a picture: three views of one record."""

import re

import pytest

from kubesim.network.dns.exchange import Exchange
from kubesim.network.dns.message import DnsQuery
from kubesim.network.dns.resolver import Failure, Resolution
from kubesim.network.hooks import Hook
from kubesim.network.packet import Packet
from kubesim.network.rules import BaseChain, Rule
from kubesim.network.targets import Dnat, Jump, Reject, Target
from kubesim.network.topology import Route
from kubesim.network.trace import Applied, Delivered, Hop, Outcome, Routed, Trace
from kubesim.views.journey import Journey
from kubesim.views.path_diagram import arrow_count
from kubesim.views.scene import NodePlace, Place, Scene

SCENE = Scene(
    nodes=(
        NodePlace(
            Place("node/master", "master", "172.31.0.10"),
            (Place("pod/default/web-1", "web-1", "10.42.0.5"), Place("pod/default/web-2", "web-2", "10.42.0.6")),
        ),
        NodePlace(
            Place("node/worker", "worker", "172.31.0.11"),
            (
                Place("pod/default/client", "client", "10.42.2.3"),
                Place("pod/default/idle", "idle", "10.42.2.4", "not ready"),
            ),
        ),
    ),
    outside=(Place("laptop", "laptop", "172.31.0.50"),),
)
SENT = Packet("TCP", "10.42.2.3", 40000, "10.43.113.175", 8080)


DEFAULT, LOCAL = Route("0.0.0.0/0", "eth0", "10.42.2.1"), Route("10.42.0.0/24", "cni0")
NAT = BaseChain("nat", "PREROUTING", Hook.PREROUTING, -100, nat=True)
FILTER = BaseChain("filter", "FORWARD", Hook.FORWARD, 0)


def applied(target: Target, after: Packet = SENT, base: BaseChain = NAT, chance: float = 1.0) -> Applied:
    return Applied(SENT, after, base, "KUBE-SEP-X", Rule((), target), target, chance)


def to_pod(name: str, address: str, probability: float) -> Trace:
    rewritten = SENT.rewritten(destination=address, destination_port=80)
    hops = (
        Hop("pod/default/client", (Routed(SENT, SENT, DEFAULT),), "", "eth0"),
        Hop("node/worker", (applied(Dnat(address, 80), rewritten, chance=probability),), "cni0", "flannel.1"),
        Hop("node/master", (Routed(rewritten, rewritten, LOCAL),), "flannel.1", "cni0"),
        Hop(f"pod/default/{name}", (Delivered(rewritten, rewritten, False),), "eth0"),
    )
    machine = f"pod/default/{name}"
    return Trace("pod/default/client", SENT, hops, Outcome.DELIVERED, machine, probability, delivered=rewritten)


TAKEN, OTHER = to_pod("web-1", "10.42.0.5", 0.75), to_pod("web-2", "10.42.0.6", 0.25)
DELIVERED = Journey("pod/default/client", "http://myservice:8080", lambda: SCENE, None, TAKEN, lambda: (TAKEN, OTHER))
REJECTION = Trace(
    "pod/default/client",
    SENT,
    (TAKEN.hops[0], Hop("node/worker", (applied(Reject(), base=FILTER),))),
    Outcome.REJECTED,
    "node/worker",
)
REJECTED = Journey("pod/default/client", "http://myservice:8080", lambda: SCENE, None, REJECTION, lambda: (REJECTION,))


def test_words_name_the_rewriting_the_chance_and_the_other_way() -> None:
    text = str(DELIVERED)
    assert "DNAT 10.43.113.175:8080 → 10.42.0.5:80 (75 %)" in text
    assert "could also have gone to web-2 (25 %)" in text
    assert text.endswith("delivered to web-1, which saw the client as 10.42.2.3")


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.REFUSED, "RST"),
        (Outcome.REJECTED, "ICMP"),
        (Outcome.DROPPED, "silence"),
        (Outcome.LOST, "time-out"),
        (Outcome.UNREACHABLE, "no machine"),
    ],
)
def test_words_end_with_the_outcome(outcome: Outcome, word: str) -> None:
    trace = Trace(REJECTION.source, SENT, REJECTION.hops, outcome, "node/worker")
    journey = Journey("pod/default/client", "http://10.43.113.175:8080", lambda: SCENE, None, trace, lambda: (trace,))
    assert word in str(journey).splitlines()[-1]
    assert word in journey.diagram().text.splitlines()[-1]
    assert "failure" in journey.diagram().dot


def test_the_table_has_a_row_for_each_step() -> None:
    table = DELIVERED.table()
    assert table["where"].tolist() == ["client", "node worker", "node master", "web-1"]
    assert table["destination"].tolist()[:2] == ["10.43.113.175:8080", "10.42.0.5:80"]
    assert table["rule"].tolist()[1] == "-A KUBE-SEP-X -j DNAT --to-destination 10.42.0.5:80"


def test_the_endpoints_table_marks_the_one_taken() -> None:
    table = DELIVERED.endpoints()
    assert dict(zip(table["endpoint"], table["taken"], strict=True)) == {"web-1": "yes", "web-2": ""}


def test_the_picture_has_numbered_arrows_rewritings_and_the_way_not_taken() -> None:
    dot = DELIVERED.diagram().dot
    assert arrow_count(DELIVERED) == 3
    assert [f'"arrow {number}" [' in dot for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert "10.42.2.3:40000 → 10.42.0.5:80\\l  DNAT on node worker, was 10.43.113.175:8080\\l" in dot
    assert ', 75 %"' in dot and ', 25 %"' in dot and "style=dashed" in dot
    assert "octagon" not in dot


def test_a_failure_is_marked_with_a_shape_of_its_own() -> None:
    assert "octagon" in REJECTED.diagram().dot


def test_a_picture_can_be_drawn_up_to_an_arrow() -> None:
    dot = DELIVERED.diagram(upto=1).dot
    assert '"arrow 3" [' in dot and '"legend 1" [' in dot and '"legend 2" [' not in dot
    assert DELIVERED.diagram(upto=1).text == str(DELIVERED)


def test_a_picture_comes_as_words_and_as_an_image_with_these_words_as_its_alternative_text() -> None:
    data = DELIVERED.diagram()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/plain"] == str(DELIVERED)
    assert re.match(
        r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="client → http://myservice:8080\n', data["text/html"]
    )
    assert 'role="img" aria-label="client → http://myservice:8080' in DELIVERED.diagram().svg
    assert DELIVERED.diagram().png.startswith(b"\x89PNG")


def test_two_draws_are_the_same_bytes() -> None:
    assert DELIVERED.diagram().svg == DELIVERED.diagram().svg


def test_the_table_can_leave_out_what_only_passes_the_packet_on() -> None:
    jump = applied(Jump("KUBE-SVC-X"))
    hops = (TAKEN.hops[0], Hop("node/worker", (jump, *TAKEN.hops[1].steps)), *TAKEN.hops[2:])
    trace = Trace(TAKEN.source, SENT, hops, Outcome.DELIVERED, TAKEN.destination, delivered=TAKEN.delivered)
    journey = Journey("pod/default/client", "http://myservice:8080", lambda: SCENE, None, trace, lambda: (trace,))
    assert len(journey.table()) == len(journey.table(rules=False)) + 1


def test_a_question_without_an_answer_is_drawn_in_the_request_s_place() -> None:
    query = Exchange("10.43.0.10", DnsQuery("myservice.", "A"), None, 0.0, 0.0, "connection refused", REJECTION)
    resolution = Resolution("myservice", queries=(query,), error=Failure.TRY_AGAIN)
    journey = Journey("pod/default/client", "http://myservice:8080", lambda: SCENE, resolution)
    assert arrow_count(journey) == 1
    assert "the question for the name: rejected" in journey.diagram().dot
    assert "no endpoint; the sender is told so" in str(journey)
