"""kubectl's own dialect of JSONPath: templates with text around expressions in braces.

It is not RFC 9535: ``{range .items[*]}…{end}`` loops, text outside braces is printed as it is, several results are
joined by blanks, a key may be escaped with a backslash, filters compare one element at a time and know no ``&&``.

``parser`` turns a template into ``nodes``, ``evaluation`` walks a document with them. All errors are
:class:`JsonPathError`, in upstream's words (``k8s.io/client-go/util/jsonpath``).
"""

from kubesim.kubectl.jsonpath.evaluation import JsonPath
from kubesim.kubectl.jsonpath.nodes import JsonPathError
from kubesim.kubectl.jsonpath.parser import relaxed_expression

__all__ = ["JsonPath", "JsonPathError", "relaxed_expression"]
