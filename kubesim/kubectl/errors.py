"""What ends a kubectl command early, and the words it prints.

::

    KubectlError        printed as ``error: …``, exit status 1
      UsageError        also points at ``kubectl VERB -h``
    ApiError            (kubesim.api.errors) printed as ``Error from server (Reason): …``

Upstream: ``k8s.io/kubectl/pkg/cmd/util.CheckErr`` and cobra's flag errors.
"""

from __future__ import annotations

from kubesim.api.errors import ApiError


class KubectlError(Exception):
    """A command that cannot go on.

    :param message: what to print; ``error: `` goes in front unless ``bare``.
    :param code: the exit status.
    :param bare: print the message as it is.
    """

    def __init__(self, message: str, code: int = 1, *, bare: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.bare = bare

    def text(self) -> str:
        """The lines for stderr, newline included."""
        text = self.message if self.bare or self.message.startswith("error: ") else f"error: {self.message}"
        return text if text.endswith("\n") or not text else f"{text}\n"


class UsageError(KubectlError):
    """A command that was typed wrongly; points at the verb's help, as ``UsageErrorf`` does.

    :param command: the full command, such as ``kubectl create deployment``.
    """

    def __init__(self, command: str, message: str) -> None:
        super().__init__(f"{message}\nSee '{command} -h' for help and examples")


def server_error_text(error: ApiError) -> str:
    """An API refusal as kubectl prints it: ``Error from server (NotFound): pods "x" not found``.

    An Invalid Status reads differently: ``The Service "x" is invalid: …``, with several causes as a list.
    """
    details = error.details
    if error.reason == "Invalid":
        return invalid_text(error)
    if not error.reason:
        return f"Error from server: {error.message}\n"
    if error.reason == "Unauthorized":
        return f"error: You must be logged in to the server ({error.message or 'Unauthorized'})\n"
    del details
    return f"Error from server ({error.reason}): {error.message}\n"


def invalid_text(error: ApiError) -> str:
    """The text of an Invalid Status: one cause on the same line, several as a list."""
    name = error.details.get("name", "")
    kind = error.details.get("kind", "")
    causes = error.details.get("causes") or []
    if not kind and not name and not causes:
        return f"The request is invalid: {error.message}\n" if error.message else "The request is invalid\n"
    head = f'The {kind} "{name}" is invalid'
    if not causes:
        return f"{head}: {error.message}\n" if error.message else f"{head}\n"
    if len(causes) == 1:
        return f"{head}: {_cause(causes[0])}\n"
    unique = list(dict.fromkeys(_cause(cause) for cause in causes))
    if len(unique) == 1:
        return f"{head}: {unique[0]}\n"
    return f"{head}: \n" + "".join(f"* {text}\n" for text in unique)


def _cause(cause: dict[str, str]) -> str:
    field = cause.get("field", "")
    return f"{field}: {cause.get('message', '')}" if field else cause.get("message", "")
