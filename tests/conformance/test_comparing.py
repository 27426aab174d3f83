"""The comparison of recorded sessions: what counts as the same, and above all what does not."""

from __future__ import annotations

import pytest

from tests.conformance.suite import Report, Result, _fits
from tests.conformance.transcripts.compare import comparable
from tests.conformance.transcripts.normalise import managers_in_one_order, named_in

PODS = """\
NAME                   READY   STATUS    RESTARTS   AGE   IP          NODE
web-5d8f7b9c6d-bcdfg   1/1     Running   0          5s    10.42.1.7   worker
"""
WIDER = PODS.replace("10.42.1.7   w", "10.42.1.117   w").replace("IP          N", "IP            N")
SLICE = "apiVersion: discovery.k8s.io/v1\nendpoints:\n- addresses:\n  - {}\n- addresses:\n  - {}\nkind: EndpointSlice\n"


def same(recorded: str, printed: str, command: str = "kubectl get pods", session: str = "") -> bool:
    one, other = comparable(recorded, printed, command, named_in([command, session]))
    return one == other


@pytest.mark.parametrize(
    ("recorded", "printed", "command"),
    [
        (PODS, PODS.replace("5s ", "12s").replace("10.42.1.7", "10.42.0.9"), "kubectl get pods -o wide"),
        (PODS, PODS.replace("worker", "master"), "kubectl get pods -o wide"),
        (PODS, PODS.replace("5d8f7b9c6d-bcdfg", "6c5b8d7f9d-zxwvt"), "kubectl get pods"),
        (PODS, WIDER, "kubectl get pods"),
        (SLICE.format("10.42.0.3", "10.42.1.3"), SLICE.format("10.42.1.3", "10.42.0.3"), "kubectl get svc -o yaml"),
        ("a=b\nc=d\n", "c=d\na=b\n", "kubectl label pod x --list"),
    ],
)  # fmt: skip
def test_what_chance_and_the_clock_decide_is_not_compared(recorded: str, printed: str, command: str) -> None:
    assert same(recorded, printed, command)


@pytest.mark.parametrize(
    ("recorded", "printed", "command", "session"),
    [
        ("spec:\n  a: b\n", "spec:\n    a: b\n", "kubectl get svc", ""),
        ("Name:   x\n", "Name:  x\n", "kubectl describe svc", ""),
        (PODS, PODS.replace("1/1     ", "1/1  "), "kubectl get pods", ""),
        (PODS, PODS.replace("   ", "  "), "kubectl get pods", ""),
        (PODS, PODS.replace("1/1", "0/1"), "kubectl get pods", ""),
        ("nodePort: 30080\n", "nodePort: 30081\n", "kubectl get svc -o yaml", "nodePort: 30080"),
        ("clusterIP: 10.43.7.7\n", "clusterIP: 10.43.7.8\n", "kubectl get svc -o yaml", "clusterIP: 10.43.7.7"),
        ("master\nworker\n", "worker\nmaster\n", "kubectl get nodes -o name", ""),
        ("1,2\n", "2,1\n", "kubectl get svc", ""),
        ("10.43.0.1\n", "10.43.0.2\n", "kubectl get svc", ""),
        ("a: 10.42.0.1\nb: 10.42.0.1\n", "a: 10.42.0.1\nb: 10.42.0.2\n", "kubectl get pods", ""),
        ('{\n    "a": 1\n}\n', '{\n  "a": 1\n}\n', "kubectl get svc -o json", ""),
    ],
)  # fmt: skip
def test_what_nobody_drew_is_compared(recorded: str, printed: str, command: str, session: str) -> None:
    assert not same(recorded, printed, command, session)


def test_an_excluded_case_that_passes_has_passed() -> None:
    report = Report("a", passed=3, excluded=[("x", "a reason of some words")])
    assert (report.total, report.all) == (3, 4)
    assert report.line() == "a: 3/3 (100.0 %), 1 excluded (75.0 % of all)"


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [("a/1: *", True), ("a/2: *", False), ('~"stdout": ".*managedFields', True), ('~"cmd": "kubectl get', False)],
)
def test_an_exclusion_names_cases_by_what_they_need(pattern: str, holds: bool) -> None:
    case = {"cmd": "kubectl apply -f x", "stdout": "metadata:\n  managedFields: []\n"}
    assert _fits(pattern, Result("a/1: kubectl apply -f x", False, case=case)) is holds


@pytest.mark.parametrize(
    ("printed", "in_order"),
    [
        ('"managedFields":[{"manager":"b","f":{"k:{\\"a\\":1,\\"b\\":2}":{}}},{"manager":"a"}],"x":[2,1]',
         '"managedFields":[{"manager":"a"},{"manager":"b","f":{"k:{\\"a\\":1,\\"b\\":2}":{}}}],"x":[2,1]'),
        ('"managedFields":[]interface {}{map[string]interface {}{"m":"b"}, map[string]interface {}{"m":"a"}}, "n":1',
         '"managedFields":[]interface {}{map[string]interface {}{"m":"a"},map[string]interface {}{"m":"b"}}, "n":1'),
        ("managedFields:\n- manager: b\n- manager: a", "managedFields:\n- manager: b\n- manager: a"),
    ],
)  # fmt: skip
def test_managers_on_one_line_are_compared_in_one_order(printed: str, in_order: str) -> None:
    assert managers_in_one_order(printed) == in_order
