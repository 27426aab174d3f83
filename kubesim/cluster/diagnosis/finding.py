"""What a diagnosis is made of."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubesim.api.objects import Service
from kubesim.network.trace import Outcome


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that a finding rests on.

    :param subject: the object, machine or rule: ``Service default/web``.
    :param field: a path inside the object, such as ``spec.selector``; empty where there is none.
    """

    subject: str
    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.field} is {self.value}" if self.field else f"{self.subject}: {self.value}"


@dataclass(frozen=True, slots=True)
class Mend:
    """The smallest change that would mend it.

    :param sentence: for people.
    :param kind: of the object to patch; empty where no object's change is meant (another command is).
    :param patch: a strategic merge patch.
    :param words: the command, where it is not the patch's own.
    """

    sentence: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    patch: Any = None
    words: str = ""

    @property
    def command(self) -> str:
        """The command that does it; empty where another request is meant."""
        if self.words or self.patch is None:
            return self.words
        return patch_words(self.kind, self.namespace, self.name, self.patch)


def patch_words(kind: str, namespace: str, name: str, patch: Any) -> str:
    """The command that patches an object."""
    words = shlex.quote(json.dumps(patch, separators=(",", ":")))
    return f"kubectl patch {kind.lower()} {name} -n {namespace} -p {words}"


def service_mend(sentence: str, service: Service, spec: dict[str, Any]) -> Mend:
    """A change of fields of a Service's ``spec``."""
    return Mend(sentence, "Service", service.metadata.namespace, service.metadata.name, {"spec": spec})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    :param id: stable: exercises and tests refer to it. One of :data:`~kubesim.cluster.diagnosis.catalogue.RULES`.
    :param cause: whether it explains the failure; otherwise it is worth knowing.
    :param look: the command that shows it.
    """

    id: str
    summary: str
    evidence: tuple[Evidence, ...] = ()
    mend: Mend | None = None
    cause: bool = True
    look: str = ""

    def to_json(self) -> dict[str, Any]:
        """The finding as values of JSON."""
        mend = self.mend
        return {
            "id": self.id,
            "cause": self.cause,
            "summary": self.summary,
            "evidence": [{"subject": e.subject, "field": e.field, "value": e.value} for e in self.evidence],
            "look": self.look,
            "mend": None if mend is None else {"sentence": mend.sentence, "command": mend.command, "patch": mend.patch},
        }


class Verdict(StrEnum):
    """Whether a request gets there."""

    DELIVERED = "delivered"
    FAILS = "fails"
    UNKNOWN = "cannot be told"


def verdict_of(outcome: Outcome | None, missing: Sequence[str]) -> Verdict:
    """The verdict on what a request met, if that is all that there is to know."""
    if missing:
        return Verdict.UNKNOWN
    return Verdict.DELIVERED if outcome is Outcome.DELIVERED else Verdict.FAILS


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer.

    :param outcome: what the request met; None where no packet was sent (the name has no address).
    :param checked: what was looked at and found in order.
    :param unchecked: what could not be looked at, and why.
    :param missing: what would have to be known to tell: each ends the sentence "cannot be told: …".
    :param provided: on what else it rests that nobody could look at: each ends the sentence "delivered, provided …".
    """

    source: str
    target: str
    outcome: Outcome | None
    findings: Sequence[Finding]
    checked: Sequence[str]
    unchecked: Sequence[str] = ()
    missing: tuple[str, ...] = ()
    provided: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the request gets there, as far as it can be told."""
        return verdict_of(self.outcome, self.missing)

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that explain a failure."""
        return tuple(finding for finding in self.findings if finding.cause)

    @property
    def mend(self) -> Mend | None:
        """The smallest change that would mend it, or None."""
        return next((finding.mend for finding in self.findings if finding.mend is not None), None)

    @property
    def answer(self) -> str:
        """The verdict in words."""
        if self.verdict is Verdict.UNKNOWN:
            return f"cannot be told: {'; '.join(self.missing)}"
        if self.verdict is Verdict.DELIVERED:
            return f"delivered, provided {' and '.join(self.provided)}" if self.provided else "delivered"
        because = "; ".join(each.summary for each in self.causes)
        return f"{self._failure}, because: {because}" if because else self._failure

    @property
    def _failure(self) -> str:
        return f"fails ({self.outcome or 'nothing was sent'})"

    @property
    def why(self) -> str:
        """Why it is no plain ``delivered``, in one line; empty where it is."""
        if self.verdict is Verdict.DELIVERED:
            return ""
        return "; ".join(each.summary for each in self.causes) or "; ".join(self.missing)

    def __str__(self) -> str:
        answer = f"{self._failure}, because" if self.verdict is Verdict.FAILS and self.causes else self.answer
        lines = [f"{self.source} → {self.target}: {answer}"]
        for finding in self.findings:
            lines.append(f"  {finding.id}: {finding.summary}")
            lines += [f"    {evidence}" for evidence in finding.evidence]
            if finding.look:
                lines.append(f"    To see it: {finding.look}")
            if finding.mend is not None:
                lines.append(f"    To mend it: {finding.mend.sentence}")
                if finding.mend.command:
                    lines.append(f"      {finding.mend.command}")
        lines += [f"  in order: {text}" for text in self.checked]
        lines += [f"  not checked: {text}" for text in self.unchecked]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The answer as values of JSON."""
        return {
            "source": self.source,
            "target": self.target,
            "verdict": str(self.verdict),
            "answer": self.answer,
            "outcome": None if self.outcome is None else str(self.outcome),
            "missing": list(self.missing),
            "provided": list(self.provided),
            "findings": [finding.to_json() for finding in self.findings],
            "checked": list(self.checked),
            "notChecked": list(self.unchecked),
        }
