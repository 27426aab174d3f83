"""A diagnosis as SARIF 2.1.0, the form in which code hosts and editors show findings.

The rules are those of the catalogue; a finding points at the object that it is about by its logical name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kubesim.cluster.diagnosis.catalogue import RULES
from kubesim.cluster.diagnosis.finding import Diagnosis, Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(diagnoses: Iterable[Diagnosis]) -> dict[str, Any]:
    """One run with the findings of several diagnoses."""
    names = list(RULES)
    results = [_result(each, diagnosis, names) for diagnosis in diagnoses for each in diagnosis.findings]
    rules = [
        {
            "id": name,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.mend},
        }
        for name, rule in RULES.items()
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "kubesim", "rules": rules}}, "results": results}],
    }


def _result(finding: Finding, diagnosis: Diagnosis, names: Sequence[str]) -> dict[str, Any]:
    about = finding.evidence[0].subject if finding.evidence else diagnosis.source
    lines = [f"{diagnosis.source} → {diagnosis.target}: {finding.summary}", *(str(each) for each in finding.evidence)]
    if finding.mend is not None:
        lines.append(f"To mend it: {finding.mend.sentence}")
    return {
        "ruleId": finding.id,
        "ruleIndex": names.index(finding.id),
        "level": "error" if finding.cause else "note",
        "message": {"text": "\n".join(lines)},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": about, "kind": "object"}]}],
    }
