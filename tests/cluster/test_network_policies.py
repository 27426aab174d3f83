"""NetworkPolicies as somebody at a terminal meets them."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.cluster.configuration import DEFAULT_FILE, ClusterConfiguration
from kubesim.terminal.terminal import Terminal

HERE = DEFAULT_FILE.parent
ONLY_CLIENT = """\
cat > policy.yaml <<'EOF'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-client}
spec:
  podSelector: {matchLabels: {run: web}}
  ingress:
  - from: [{podSelector: {matchLabels: {role: client}}}]
    ports: [{port: 80}]
EOF"""
ASK = "kubectl exec other -- curl -sS -m 5 -o /dev/null web"
REFUSED = "Failed to connect to web port 80"


def sitting(policies: str) -> Terminal:
    """At a node of a cluster with a Service, somebody who asks for it, and a policy that does not name them."""
    made = ClusterConfiguration.from_document({"base": "k3s.yaml", "networkPolicy": policies}, HERE)
    terminal = Terminal(Cluster(made))
    for line in (
        "kubectl run web --image nginx --port 80 --expose",
        "kubectl run other --image nginx",
        ONLY_CLIENT,
        "kubectl apply -f policy.yaml",
    ):
        terminal.run(line)
    return terminal


def test_a_denied_connection_is_refused_at_once_and_a_new_pods_first_one_too() -> None:
    terminal = sitting("kube-router")
    denied = terminal.run(ASK)
    assert REFUSED in str(denied)
    terminal.run("kubectl run late --image busybox --labels role=client --restart=Never -- wget -qO- -T 3 web")
    assert "Connection refused" in str(terminal.run("kubectl logs late"))
    terminal.run("kubectl run again --image nginx --labels role=client")
    assert "Welcome" in str(terminal.run("kubectl exec again -- curl -sS -m 5 web"))


def test_where_nobody_enforces_them_policies_are_kept_and_a_diagnosis_says_so() -> None:
    terminal = sitting("none")
    assert "only-client" in str(terminal.run("kubectl get networkpolicies"))
    assert REFUSED not in str(terminal.run(ASK))
    assert "policies-not-enforced" in [
        each.id for each in terminal.cluster.diagnose("pod/other", "http://web").findings
    ]


@pytest.mark.parametrize("given", ["", "calico", "None"])
def test_a_cluster_file_names_one_of_two(given: str) -> None:
    with pytest.raises(ValueError, match="networkPolicy must be kube-router or none"):
        ClusterConfiguration.from_document({"base": "k3s.yaml", "networkPolicy": given}, HERE)
