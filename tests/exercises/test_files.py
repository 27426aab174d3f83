"""The files: what is drawn, what is refused."""

from pathlib import Path

import msgspec
import pytest

from kubesim.exercises.check import holds
from kubesim.exercises.files import Draw, Probe, Step, read

TEMPLATE = """
title: <one> and <other>
draw:
- {names: [one, other], among: [a, b]}
- {names: [port], among: 30100-30101}
story: "`kubectl get svc <one>` shows <none>, <port>"
setup: kubectl run <one>
probes: [{source: laptop, url: "http://{service/<other>}"}]
hints: []
solutions: []
why: ""
after: ""
keep: [{kind: Service, name: <one>}]
"""


def test_what_is_drawn_together_is_never_alike_and_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEMPLATE)
    drawn = [read("x", tmp_path, str(number)) for number in range(30)]
    assert {variant.file.title for variant in drawn} == {"a and b", "b and a"}
    assert {variant.file.story[-5:] for variant in drawn} == {"30100", "30101"}
    assert all("<none>" in variant.file.story for variant in drawn)
    assert all(variant.file.keep[0].name == variant.file.title[0] for variant in drawn)
    assert drawn == [read("x", tmp_path, str(number)) for number in range(30)]


@pytest.mark.parametrize(
    ("struct", "fields", "says"),
    [
        (Step, {}, "a step must have exactly one of types, loses, hangs, passes, got none"),
        (Step, {"types": "ls", "passes": 3}, "got types, passes"),
        (Probe, {"source": "laptop"}, "a probe must have exactly one of url, types, got none"),
        (Draw, {"names": ["a"]}, "missing required field `among`"),
        (Probe, {"url": "http://x", "reach": []}, "unknown field `reach`"),
    ],
)
def test_a_file_that_cannot_be_is_refused(struct: type, fields: dict[str, object], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(fields, struct)


@pytest.mark.parametrize(
    ("evidence", "text", "held"),
    [
        ("a.b", "xa.by", True),
        ("a.b", "axb", False),
        ("/^a.b$/", "c\naxb\n", True),
        ("not a", "b", True),
        ("not /^a/", "ba\na", False),
        ("/", "a/b", True),
    ],
)
def test_evidence(evidence: str, text: str, held: bool) -> None:
    assert holds(evidence, text) is held
