"""What ends a kubectl command early, and the words it prints.

::

    KubectlError        printed as ``error: …``, exit status 1
      UsageError        also points at ``kubectl VERB -h``
      SilentExit        an exit status and nothing more
    Aggregate           several errors at once: a line each
    ApiError            (kubesim.api.errors) printed as ``Error from server (Reason): …``

Upstream: ``k8s.io/kubectl/pkg/cmd/util.CheckErr``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.errors import ApiError
from kubesim.simulation import Simulation


class KubectlError(Exception):
    """A command that cannot go on.

    :param message: what to print; ``error: `` goes in front.
    :param code: the exit status.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code

    @property
    def message(self) -> str:
        """The message, without what goes in front of it."""
        return str(self.args[0])


class UsageError(KubectlError):
    """A command that was typed wrongly; points at the verb's help, as ``UsageErrorf`` does.

    :param command: the full command, such as ``kubectl create deployment``.
    """

    def __init__(self, command: str, message: str) -> None:
        super().__init__(f"{message}\nSee '{command} -h' for help and examples")


class SilentExit(KubectlError):  # noqa: N818 - not an error to anybody
    """An exit status with nothing left to say; everything was printed already."""

    def __init__(self, code: int = 1) -> None:
        super().__init__("", code)


class UnreachableError(KubectlError):
    """A host that does not answer: printed without ``error: `` in front."""


class Aggregate(Exception):  # noqa: N818 - upstream's name
    """Several errors, of which none stopped the command (``utilerrors.Aggregate``)."""

    def __init__(self, errors: Sequence[Exception]) -> None:
        super().__init__(plain_text(errors))
        self.errors = tuple(errors)


Failure = KubectlError | ApiError | Aggregate
"""What a verb may raise."""
FAILURES = (KubectlError, ApiError, Aggregate)


def plain_text(errors: Sequence[Exception]) -> str:
    """Several errors as Go's ``Error()`` joins them: ``[a, b]``, or ``a`` alone; repeats are left out."""
    texts = list(dict.fromkeys(_flat(errors)))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _flat(errors: Sequence[Exception]) -> list[str]:
    texts: list[str] = []
    for error in errors:
        if isinstance(error, Aggregate):
            texts.extend(_flat(error.errors))
        else:
            texts.append(str(error))
    return texts


def raise_all(errors: Sequence[Exception]) -> None:
    """Raise what was collected: nothing, the one error, or an :class:`Aggregate`."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Aggregate(errors)


def report(error: Exception) -> tuple[str, int]:
    """What kubectl prints for an error, and its exit status (``checkErr``)."""
    if isinstance(error, Aggregate) and len(error.errors) == 1:
        error = error.errors[0]
    if isinstance(error, Aggregate):
        return "".join(f"{_message(each)}\n" for each in error.errors), 1
    if isinstance(error, ApiError):
        text = invalid_text(error) if error.reason == "Invalid" else _message(error)
        return _line(text), 1
    if isinstance(error, SilentExit):
        return "", error.code
    if isinstance(error, KubectlError):
        bare = error.message.startswith("error: ") or isinstance(error, UnreachableError)
        return _line(error.message if bare else f"error: {error.message}"), error.code
    raise error


def _line(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _message(error: Exception) -> str:
    """One error among several: with the server's reason in front when the server sent it."""
    if not isinstance(error, ApiError):
        return str(error)
    if error.reason == "Unauthorized":
        return f"error: You must be logged in to the server ({error.message})"
    return (
        f"Error from server ({error.reason}): {error.message}"
        if error.reason
        else f"Error from server: {error.message}"
    )


def invalid_text(error: ApiError) -> str:
    """An Invalid Status: ``The Service "x" is invalid: …``, with several causes as a list."""
    details = error.details
    if not details:
        return f"The request is invalid: {error.message}" if error.message else "The request is invalid"
    text = "The request is invalid"
    causes = details.get("causes") or []
    if details.get("kind") or details.get("name"):
        text = f'The {details.get("kind", "")} "{details.get("name", "")}" is invalid'
    elif error.message and not causes:
        text = f"{text}: {error.message}"
    if not causes:
        return text
    lines = list(dict.fromkeys(f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in causes))
    if len(lines) == 1:
        return f"{text}: {lines[0]}\n"
    return f"{text}: \n" + "".join(f"* {line}\n" for line in lines)


def with_source(error: Exception, doing: str, source: str) -> Exception:
    """The same error with ``error when creating "x.yaml": `` in front (``AddSourceToErr``)."""
    if not source:
        return error
    text = f'error when {doing} "{source}": '
    if isinstance(error, ApiError):
        return ApiError(error.code, error.reason, text + error.message, error.details)
    return KubectlError(text + str(error))


PROCESS = 1000
"""The process' id in lines of klog; it is made up."""


def klog_line(simulation: Simulation, severity: str, place: str, text: str) -> str:
    """A line of klog, the log that kubectl writes to standard error.

    :param severity: ``W``, ``E`` or ``F``.
    :param place: the file and the line of upstream's program.
    """
    moment = simulation.datetime
    return f"{severity}{moment:%m%d %H:%M:%S}.{moment.microsecond:06d} {PROCESS:>7} {place}] {text}"


def with_prefix(error: Exception, prefix: str) -> KubectlError:
    """The same error as a plain one: ``failed to create deployment: …``."""
    return KubectlError(f"{prefix}: {error}")
