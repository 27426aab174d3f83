from __future__ import annotations

import pytest

from kubesim.kubectl.jsonpath import JsonPath, JsonPathError

SERVICES = {
    "items": [
        {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}, {"port": 443}], "type": "ClusterIP"}},
        {"metadata": {"name": "b"}, "spec": {"ports": [{"port": 8080}], "type": "NodePort"}},
        {"metadata": {"name": "c"}, "spec": {"type": "ClusterIP", "ready": True}},
    ]
}


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("{.items[*].metadata.name}", "a b c"),
        ("{.items[0:2].metadata.name}", "a b"),
        ("{.items[-1].metadata.name}", "c"),
        ("{.items[::2].metadata.name}", "a c"),
        ("{range .items[*]}{.metadata.name}:{.spec.ports[*].port};{end}", "a:80 443;b:8080;c:;"),
        ("{range .items[*]}{.metadata.name}{'\\n'}{end}done", "a\nb\nc\ndone"),
        ("{.items[?(@.spec.type=='NodePort')].metadata.name}", "b"),
        ("{.items[?(@.spec.ports[0].port>100)].metadata.name}", "b"),
        ("{.items[?(@.spec.ready)].metadata.name}", "c"),
        ("{.items[?(@.spec.ready==true)].metadata.name}", "c"),
        ("{..port}", "80 443 8080"),
        ("{.items[0].spec.ports}", '[{"port":80},{"port":443}]'),
        ("{.items[0]['metadata.name','spec.type']}", "a ClusterIP"),
        ("{.nosuch}", ""),
        ("plain", "plain"),
    ],
)
def test_render(template: str, output: str) -> None:
    assert JsonPath(template, allow_missing_keys=True).render(SERVICES) == output


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.nosuch}", "nosuch is not found"),
        ("{.items[9]}", "array index out of bounds: index 9, length 3"),
        ("{.items[-9]}", "array index out of bounds: index -6, length 3"),
        ("{.items[2:1]}", "starting index 2 is greater than ending index 1"),
        ("{.items[0:2:0]}", "step must be > 0"),
        ("{.items[0].metadata[0]}", "map[string]interface {} is not array or slice"),
        ("{.items[0].metadata[?(@.x)]}", "map[name:a] is not array or slice and cannot be filtered"),
        ("{hello}", "unrecognized identifier hello"),
        ("{end}", "not in range, nothing to end"),
        ("{.items[?(@.metadata.name==1)]}", "incompatible types for comparison"),
        ("{.items[?(@.metadata.name=<'a')]}", "unrecognized filter operator =<"),
        ("{.items[?(@.spec.ports[*].port==80)]}", "can only compare one element at a time"),
    ],
)
def test_errors_are_upstreams(template: str, message: str) -> None:
    with pytest.raises(JsonPathError) as caught:
        JsonPath(template).render(SERVICES)
    assert str(caught.value) == message


def test_json_mode_prints_a_list_for_each_expression() -> None:
    assert JsonPath("{.items[0].metadata}").render(SERVICES, as_json=True) == (
        '[\n    {\n        "name": "a"\n    }\n]\n'
    )
