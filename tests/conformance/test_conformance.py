"""Every recorded file reaches its target, and docs/conformance.md says what is so."""

from pathlib import Path

import pytest

from tests.conformance.page import DATA, PAGE, row
from tests.conformance.suite import HERE, exclusions_for, kind_of, recorded_files, run_file

TARGETS = {
    "formats": 97, "describe": 90, "mutate": 95, "errors": 92, "chapter": 100,
    "service_validation": 97, "service_rest": 95, "service_defaults": 97, "other_validation": 90, "pod_validation": 85,
    "warnings": 90, "labels": 95, "jsonpath": 95, "printers": 90, "table_print": 95, "kubectl_generate": 95,
    "allocators": 95, "endpointslice": 90, "proxy_endpoints": 95, "kubeproxy_rules": 100, "kubeproxy_flows": 100,
    "datapath_iptables": 100, "datapath_nftables": 100, "dns": 98, "dns_real": 98, "programs_curl": 90,
    "programs_net": 90, "programs_nginx": 90, "programs_resolve": 90, "programs_shell": 90,
    "daemonset_job": 97, "serverside": 97, "statefulset": 97,
}  # fmt: skip
"""The share in percent that each file must reach at least."""

FILES = [path for path in recorded_files(DATA) if path.parent.name == "transcripts" or kind_of(path, None)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reaches_its_target_and_the_page_is_current(path: Path) -> None:
    report = run_file(path)
    assert report is not None
    failures = [f"{failure.id}: expected {failure.expected!r}, got {failure.got!r}" for failure in report.failures[:5]]
    assert 100 * report.passed >= TARGETS.get(report.name, 100) * report.total, "\n".join([report.line(), *failures])
    assert not report.total or row(report) in PAGE.read_text(encoding="utf-8").splitlines(), (
        f"run: make conformance ({report.line()})"
    )


def test_every_target_has_a_file() -> None:
    assert set(TARGETS) <= {path.stem for path in FILES}


def test_every_exclusion_has_a_reason() -> None:
    kinds = {path.stem for path in (HERE / "runners").glob("*.py")} | {path.stem for path in FILES}
    for kind in kinds:
        for pattern, reason in exclusions_for(kind).items():
            assert len(reason.split()) >= 4, f"{kind}: {pattern}: {reason!r}"
