"""The fields of every kind: what Go's decoder accepts, what it complains of, and what it writes back.

The table ``structs.txt`` says which fields there are, of which types, in which order, and how Go writes and merges
them. ``make structs`` makes it from upstream's OpenAPI (``lightkube-models``) and from what only the Go sources say.
:func:`decode` does what decoding and encoding a Go struct does: unknown fields are reported and dropped, wrong types
are refused with ``encoding/json``'s words, nulls and zeros vanish where the field is a value, ``{}`` appears where a
struct is one.
"""

from __future__ import annotations

from kubesim.api.schema.decoder import Decoded, DecodingError, decode, metadata_error, prune_unknown, strict_errors
from kubesim.api.schema.order import in_struct_order, with_zero_values
from kubesim.api.schema.tree import FieldType, SchemaField, Struct, field_type, struct_of

__all__ = [
    "Decoded",
    "DecodingError",
    "FieldType",
    "SchemaField",
    "Struct",
    "decode",
    "field_type",
    "in_struct_order",
    "metadata_error",
    "prune_unknown",
    "strict_errors",
    "struct_of",
    "with_zero_values",
]
