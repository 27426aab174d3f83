"""Label selectors: which labels an object must have.

``app=web,tier in (front,back),!debug`` is a selector: requirements that must all hold. The parser is a lexer and a
recursive descent over three productions, so its error messages are upstream's. Selectors of fields are in
:mod:`kubesim.api.field_selectors`. Upstream: ``apimachinery/pkg/labels/selector.go``.
"""

from kubesim.api.selectors.parser import Parser
from kubesim.api.selectors.requirements import (
    BINARY_OPERATORS,
    EXISTS,
    MISSING,
    NO_PATH,
    Labels,
    Requirement,
    aggregate,
    key_errors,
    requirement,
    requirement_errors,
    value_errors,
)
from kubesim.api.selectors.selector import (
    EVERYTHING,
    NOTHING,
    Selector,
    parse_label_map,
    parse_label_selector,
    selector_from_labels,
    selector_of,
)

__all__ = [
    "BINARY_OPERATORS",
    "EVERYTHING",
    "EXISTS",
    "MISSING",
    "NOTHING",
    "NO_PATH",
    "Labels",
    "Parser",
    "Requirement",
    "Selector",
    "aggregate",
    "key_errors",
    "parse_label_map",
    "parse_label_selector",
    "requirement",
    "requirement_errors",
    "selector_from_labels",
    "selector_of",
    "value_errors",
]
