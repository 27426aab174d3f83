"""The fields of every kind: what Go's decoder accepts, what it complains of, and what it writes back.

The tree is read from the type hints and docstrings of ``lightkube-models``, which are generated from upstream's
OpenAPI; what only the Go sources say is in :mod:`kubesim.api.go_types`. One walk over an object (:func:`decode`) does
what decoding and encoding a Go struct does: unknown fields are reported and dropped, wrong types are refused with
``encoding/json``'s words, nulls and zeros vanish where the field is a value, ``{}`` appears where a struct is one.
"""

from __future__ import annotations

from kubesim.api.schema.decoder import Decoded, DecodingError, decode, metadata_error, prune_unknown, strict_errors
from kubesim.api.schema.tree import FieldType, SchemaField, Struct, field_type, struct_of

__all__ = [
    "Decoded",
    "DecodingError",
    "FieldType",
    "SchemaField",
    "Struct",
    "decode",
    "field_type",
    "metadata_error",
    "prune_unknown",
    "strict_errors",
    "struct_of",
]
