from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.output.go_template import GoTemplate, TemplateError

DOCUMENT = {
    "items": [{"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}, {"metadata": {"name": "b"}}],
    "data": {"key": "aGk="},
    "n": 3,
}
WORDS = st.sampled_from(
    ["{{", "}}", "range ", "if ", "else", "end", ".items", ".", "$x", " := ", "|", "(", ")", '"a"', "len ", "printf ",
     "`", "'", "-", " ", "1", ".n", "index ", "/*", "*/", "nosuch", ",", "\n", "%s", "break", "with "]
)  # fmt: skip


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ('{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}', "a\nb\n"),
        ("{{len .items}} {{.n}} {{.nosuch}}", "2 3 <no value>"),
        ("{{range $i, $e := .items}}{{$i}}={{$e.metadata.name}} {{end}}", "0=a 1=b "),
        ("{{(index .items 0).metadata.name}}", "a"),
        ("{{if .x}}y{{else if .items}}z{{else}}w{{end}}", "z"),
        ("{{range .nosuch}}{{else}}none{{end}}", "none"),
        ("{{with .data}}{{.key | base64decode}}{{end}}", "hi"),
        ('{{printf "%-4s|%q" "a" "b"}}', 'a   |"b"'),
        ("a {{- /* note */ -}} b", "ab"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ('{{range .items}}{{if eq .metadata.name "b"}}{{break}}{{end}}{{.metadata.name}}{{end}}', "a"),
        ('{{and .n "x"}} {{or "" .n}} {{not .n}}', "x 3 false"),
        ("{{.data}}", "map[key:aGk=]"),
    ],
)
def test_render(template: str, output: str) -> None:
    assert GoTemplate(template).render(DOCUMENT) == output


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{bad", 'template: output:1: function "bad" not defined'),
        ("{{.a", "template: output:1: unclosed action"),
        ("a\n{{end}}", "template: output:2: unexpected {{end}}"),
        ("{{if}}", "template: output:1: missing value for if"),
        ("{{range .items}}", "template: output:1: unexpected EOF"),
        ("{{$x}}", 'template: output:1: undefined variable "$x"'),
        (
            "{{.a.b}}",
            'template: output:1:4: executing "output" at <.a.b>: nil pointer evaluating interface {}.b',
        ),
        (
            "{{.n.x}}",
            'template: output:1:4: executing "output" at <.n.x>: can\'t evaluate field x in type interface {}',
        ),
        (
            "{{len .x}}",
            'template: output:1:2: executing "output" at <len>: error calling len: len of nil pointer',
        ),
    ],
)
def test_errors_are_gos(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        GoTemplate(template).render(DOCUMENT)
    assert str(caught.value) == message


def test_missing_keys_may_be_errors() -> None:
    with pytest.raises(TemplateError, match='map has no entry for key "nosuch"'):
        GoTemplate("{{.nosuch}}", allow_missing_keys=False).render(DOCUMENT)


@given(st.lists(WORDS, max_size=14).map("".join) | st.text(max_size=20))
def test_nothing_but_a_template_error_is_raised(template: str) -> None:
    with contextlib.suppress(TemplateError):
        GoTemplate(template).render(DOCUMENT)
