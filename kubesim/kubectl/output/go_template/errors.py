"""The one error of templates."""

NAME = "output"
"""What kubectl calls its only template."""


class TemplateError(ValueError):
    """A template that cannot be parsed, or does not fit the document."""


def parse_error(text: str, position: int, message: str) -> TemplateError:
    """An error with the line it is on: ``template: output:1: unclosed action``."""
    line = text.count("\n", 0, position) + 1
    return TemplateError(f"template: {NAME}:{line}: {message}")


def execution_error(text: str, position: int, shown: str, message: str) -> TemplateError:
    """An error with line, column and the expression it is in."""
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    return TemplateError(f'template: {NAME}:{line}:{position - start}: executing "{NAME}" at <{shown}>: {message}')
