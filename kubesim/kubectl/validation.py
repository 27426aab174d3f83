"""The ``--validate`` flag."""

from __future__ import annotations

from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError

_VALUES = ("true", "strict", "warn", "ignore", "false")


def check_validate(call: Call) -> bool:
    """Whether manifests are checked at all.

    :raises KubectlError: on a word that is none of the flag's.
    """
    text = call.flags.text("validate")
    if text not in _VALUES:
        raise KubectlError(
            f'invalid - validate option "{text}"; must be one of: strict (or true), warn, ignore (or false)'
        )
    return text not in ("ignore", "false")
