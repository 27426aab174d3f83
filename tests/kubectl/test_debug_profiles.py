"""What each profile changes of a container and its Pod, as upstream has it."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.kubectl.debug_profiles import Style, apply_profile

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
ROOT = [{"mountPath": "/host", "name": "host-root"}]
HOST = {"hostIPC", "hostNetwork", "hostPID"}


@pytest.mark.parametrize(
    ("profile", "style", "security", "host", "mounts"),
    [
        ("general", Style.EPHEMERAL, {"capabilities": {"add": ["SYS_PTRACE"]}}, set(), None),
        ("general", Style.NODE, None, HOST, ROOT),
        ("legacy", Style.NODE, None, HOST, ROOT),
        ("baseline", Style.NODE, None, set(), None),
        ("restricted", Style.EPHEMERAL, RESTRICTED, set(), None),
        ("netadmin", Style.NODE, {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}, HOST, None),
        ("sysadmin", Style.NODE, {"privileged": True}, HOST, ROOT),
        ("sysadmin", Style.EPHEMERAL, {"privileged": True}, set(), None),
    ],
)
def test_a_profile(profile: str, style: Style, security: Any, host: set[str], mounts: Any) -> None:
    container: dict[str, Any] = {"name": "c"}
    pod: dict[str, Any] = {"metadata": {}, "spec": {"containers": [container]}}
    apply_profile(profile, pod, container, style, ())
    assert container.get("securityContext") == security
    assert {key for key in HOST if pod["spec"].get(key)} == host
    assert container.get("volumeMounts") == mounts


def test_a_copy_keeps_what_it_is_told_to_keep() -> None:
    container: dict[str, Any] = {"name": "c", "livenessProbe": {}, "readinessProbe": {}}
    pod: dict[str, Any] = {
        "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
        "spec": {"containers": [container], "initContainers": [{"name": "i"}]},
    }
    apply_profile("baseline", pod, container, Style.COPY, {"labels", "liveness"})
    assert pod["metadata"] == {"labels": {"a": "b"}}
    assert container == {"name": "c", "livenessProbe": {}}
    assert "initContainers" not in pod["spec"]
