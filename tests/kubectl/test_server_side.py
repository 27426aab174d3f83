"""kubectl's part of a server-side apply: its managers, its advice, and the migration of what it applied before.

The expected texts were recorded from kubectl 1.36.2 on a server 1.36.2.
"""

from __future__ import annotations

import pytest

from kubesim import Cluster, Terminal
from kubesim.kubectl.server_side import upgraded_entries

MANIFEST = """\
cat > cm.yaml <<end
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: "1", b: "2"}
end
grep -v nothing cm.yaml | sed 's/, b: "2"//' > less.yaml
sed 's/"1"/"9"/' cm.yaml > other.yaml
"""
MANAGERS = """kubectl get cm cm -o jsonpath='{range .metadata.managedFields[*]}{.manager}/{.operation} {end}'"""


@pytest.fixture
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.run(MANIFEST)
    return terminal


def said(terminal: Terminal, line: str, status: int = 0) -> str:
    done = terminal.run(line)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("line", "manager"),
    [
        ("kubectl create -f cm.yaml", "kubectl-create/Update"),
        ("kubectl create -f cm.yaml --field-manager=me", "me/Update"),
        ("kubectl create cm cm --from-literal=a=1", "kubectl-create/Update"),
        ("kubectl apply -f cm.yaml", "kubectl-client-side-apply/Update"),
        ("kubectl apply -f cm.yaml --server-side", "kubectl/Apply"),
        ("kubectl apply -f cm.yaml --server-side --field-manager=me", "me/Apply"),
        ("kubectl apply -f cm.yaml; kubectl label cm cm x=y", "kubectl-client-side-apply/Update kubectl-label/Update"),
        ("kubectl create -f cm.yaml; sleep 1; EDITOR='sed -i /b:/s/2/3/' kubectl edit cm cm",
         "kubectl-create/Update kubectl-edit/Update"),
    ],
)  # fmt: skip
def test_each_verb_has_its_manager(terminal: Terminal, line: str, manager: str) -> None:
    said(terminal, line)
    assert said(terminal, MANAGERS).strip() == manager


def test_what_was_applied_from_the_client_becomes_applied_by_the_server(terminal: Terminal) -> None:
    said(terminal, "kubectl apply -f cm.yaml")
    assert said(terminal, "kubectl apply --server-side -f less.yaml") == "configmap/cm serverside-applied\n"
    assert said(terminal, "kubectl get cm cm -o jsonpath='{.data}'") == '{"a":"1"}'
    assert said(terminal, MANAGERS) == "kubectl-last-applied/Apply kubectl/Apply "
    last = said(terminal, "kubectl apply view-last-applied cm cm -o json")
    assert '"b"' not in last and '"annotations"' not in last


def test_a_conflict_comes_with_advice(terminal: Terminal) -> None:
    said(terminal, "kubectl apply --server-side -f cm.yaml")
    refused = said(terminal, "kubectl apply --server-side --field-manager=x -f other.yaml", 1)
    assert refused.startswith(
        'error: Apply failed with 1 conflict: conflict with "kubectl": .data.a\n'
        "Please review the fields above--they currently have other managers. Here\n"
    )
    assert said(terminal, "kubectl diff --server-side --field-manager=x -f other.yaml", 2) == (
        'Error from server (Conflict): Apply failed with 1 conflict: conflict with "kubectl": .data.a\n'
    )
    forced = "kubectl apply --server-side --field-manager=x --force-conflicts -f other.yaml"
    assert said(terminal, forced) == "configmap/cm serverside-applied\n"
    assert said(terminal, MANAGERS) == "kubectl/Apply x/Apply "


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("-o yaml", False),
        ("-o json", False),
        ("-o yaml --show-managed-fields", True),
        ("-o json --show-managed-fields", True),
        ("-o jsonpath='{}'", True),
        ("-o jsonpath='{@}'", True),
        ("-o go-template='{{.metadata}}'", True),
        ("-o custom-columns=M:.metadata.managedFields", True),
        ("-o jsonpath='{.data[9]}'", False),
        ("-o wide --show-managed-fields", False),
    ],
)
def test_who_sees_managed_fields(terminal: Terminal, line: str, shown: bool) -> None:
    said(terminal, "kubectl create -f cm.yaml")
    done = terminal.run(f"kubectl get cm cm {line}")
    assert ("kubectl-create" in done.stdout) is shown


def test_managers_are_united() -> None:
    def entry(manager: str, operation: str, *fields: str) -> dict[str, object]:
        owned = {"f:data": {f"f:{name}": {} for name in fields}}
        return {
            "manager": manager,
            "operation": operation,
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": owned,
        }

    scale = {**entry("csa", "Update", "z"), "subresource": "scale"}
    before = [entry("ssa", "Apply", "a"), entry("csa", "Update", "b"), entry("x", "Update", "c"), scale]
    assert upgraded_entries(before, "csa", "ssa") == [entry("ssa", "Apply", "a", "b"), entry("x", "Update", "c"), scale]
    assert upgraded_entries(before[1:], "csa", "ssa") == [entry("ssa", "Apply", "b"), entry("x", "Update", "c"), scale]
    assert upgraded_entries(before[2:], "csa", "ssa") == before[2:]
