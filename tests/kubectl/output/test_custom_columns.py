from __future__ import annotations

import pytest

from kubesim.kubectl.jsonpath import JsonPathError
from kubesim.kubectl.output.custom_columns import CustomColumns, columns_from_spec, columns_from_template

POD = {"metadata": {"name": "a"}, "spec": {"containers": [{"image": "x"}, {"image": "y"}]}}


def test_columns() -> None:
    columns = columns_from_spec("NAME:.metadata.name,IMG:.spec.containers[*].image,NO:.nosuch,EMPTY:")
    assert CustomColumns(columns).print([POD]) == "NAME   IMG   NO       EMPTY\na      x,y   <none>   <none>\n"
    assert CustomColumns(columns, no_headers=True).print([POD]) == "a     x,y   <none>   <none>\n"


def test_a_value_is_printed_as_go_prints_it() -> None:
    columns = columns_from_spec("C:.spec.containers")
    assert CustomColumns(columns).print([POD]) == "C\n[map[image:x] map[image:y]]\n"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "custom-columns format specified but no custom columns given"),
        ("NAME", "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"),
    ],
)
def test_bad_specs(spec: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        columns_from_spec(spec)
    assert str(caught.value) == message


def test_templates() -> None:
    columns = columns_from_template("NAME  KIND\nmetadata.name {.kind}\n")
    assert [(each.header, each.expression) for each in columns] == [("NAME", "{.metadata.name}"), ("KIND", "{.kind}")]
    with pytest.raises(ValueError, match=r"number of headers \(2\) and field specifications \(1\) don't match"):
        columns_from_template("A B\nx\n")
    with pytest.raises(ValueError, match="missing header line"):
        columns_from_template("")


def test_expressions_are_parsed_when_objects_are_printed() -> None:
    printer = CustomColumns(columns_from_spec("NAME:.spec.containers[5].image"))
    with pytest.raises(JsonPathError, match="array index out of bounds: index 5, length 2"):
        printer.print([POD])
    assert printer.header_text() == "NAME\n"
