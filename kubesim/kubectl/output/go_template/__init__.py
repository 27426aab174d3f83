"""Go's ``text/template``, as far as ``-o go-template`` needs it.

Text with actions in double braces: ``{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}``. There are pipelines,
variables, ``if``, ``with``, ``range``, ``else``, comments and trimming; named templates (``define``, ``block``) are not
here. Errors are :class:`TemplateError`, in Go's words.
"""

from __future__ import annotations

from typing import Any

from kubesim.kubectl.output.go_template.evaluation import Evaluation
from kubesim.kubectl.output.go_template.nodes import TemplateError
from kubesim.kubectl.output.go_template.parser import parse


class GoTemplate:
    """A parsed template.

    :param allow_missing_keys: whether a missing key prints ``<no value>`` instead of being an error.
    :raises TemplateError: when it cannot be parsed.
    """

    def __init__(self, text: str, *, allow_missing_keys: bool = True) -> None:
        self._nodes = parse(text)
        self._text = text
        self._allow_missing_keys = allow_missing_keys

    def render(self, document: Any) -> str:
        """The output for a document.

        :raises TemplateError: when the template does not fit the document.
        """
        out: list[str] = []
        self.write(document, out)
        return "".join(out)

    def write(self, document: Any, out: list[str]) -> None:
        """Write the output piece by piece, so that what came before an error is kept.

        :raises TemplateError: when the template does not fit the document.
        """
        Evaluation(self._text, out, self._allow_missing_keys).run(self._nodes, as_floats(document))


def as_floats(value: Any) -> Any:
    """A document as Go decodes JSON without a schema: every number is a float."""
    if isinstance(value, dict):
        return {key: as_floats(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [as_floats(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


__all__ = ["GoTemplate", "TemplateError"]
