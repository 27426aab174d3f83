"""The one error of this dialect."""


class JsonPathError(ValueError):
    """A template that cannot be parsed, or that does not fit the document; the text is upstream's."""
