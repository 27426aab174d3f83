"""What verbs have in common that answer with a refusal, or print the client's own data."""

from __future__ import annotations

from collections.abc import Callable

from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import Flag


def refused(why: str) -> Callable[[Call], int]:
    """A verb that cannot be carried out here; ``why`` says what to do instead."""

    def run(call: Call) -> int:
        raise KubectlError(why)

    return run


OUTPUT_FLAG = Flag("output", short="o", help="yaml or json.")
