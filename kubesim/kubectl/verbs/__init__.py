"""What a kubectl verb is: a name, a table of flags and a function.

A verb is declared as data, so one parser serves them all and an unknown flag is answered the same way everywhere.
Its function gets a :class:`~kubesim.kubectl.call.Call` (flags, arguments, cluster, files), writes what it has to say to
the call's two streams and returns the exit status; what goes wrong is raised (:mod:`kubesim.kubectl.errors`).
The verbs themselves live one a file beside this one, each as ``VERB``; :mod:`kubesim.kubectl.registry` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kubesim.kubectl.call import Call

FlagKind = Literal["bool", "string", "strings", "array", "int", "duration", "pairs"]
"""How a value is read: ``strings`` splits at commas, ``array`` does not; ``pairs`` are ``key=value``."""


OTHER_COMMANDS = "Other Commands"
"""The heading of the verbs that belong to no group; ``kubectl --help`` sorts them by name."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a verb.

    :param name: the long name, without dashes.
    :param kind: how its value is read.
    :param short: the one-letter shorthand, or "".
    :param default: its value when it is not given, as typed (``""`` is an empty list for list kinds, false for bool).
    :param bare: the value when it is given without one, such as ``unchanged`` for a bare ``--dry-run``; ``None`` when
        it needs a value (a bool's bare value is always true).
    :param help: one line for ``--help``.
    :param required: whether the verb refuses to run without it.
    """

    name: str
    kind: FlagKind = "string"
    short: str = ""
    default: str = ""
    bare: str | None = None
    help: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb, or one sub-command of a verb.

    :param name: the word typed.
    :param run: the function; None for a verb that only has sub-commands (``kubectl rollout``).
    :param use: the usage line after ``kubectl``, for ``--help``.
    :param short: one line that says what it does.
    :param flags: its own flags, besides the global ones.
    :param subcommands: the verbs below it.
    :param group: the heading under which ``kubectl --help`` lists it.
    :param long: what ``--help`` says first, where one line is not enough.
    :param any_flags: whether it takes whatever it is given without reading it, because it refuses in any case.
    """

    name: str
    run: Callable[[Call], int] | None = None
    use: str = ""
    short: str = ""
    flags: Sequence[Flag] = ()
    subcommands: Sequence[Verb] = ()
    aliases: Sequence[str] = ()
    group: str = OTHER_COMMANDS
    long: str = ""
    any_flags: bool = False


OUTPUT_FLAGS: tuple[Flag, ...] = (
    Flag("output", short="o", help="Output format."),
    Flag("template", help="Template string or path, for the template formats."),
    Flag("allow-missing-template-keys", "bool", default="true", help="Ignore a template's missing keys."),
    Flag("show-managed-fields", "bool", help="Keep managedFields when printing JSON or YAML."),
)
"""The flags of every verb that prints objects (upstream's PrintFlags)."""

FILE_FLAGS: tuple[Flag, ...] = (
    Flag("filename", "strings", short="f", help="Files or directories with the objects."),
    Flag("kustomize", short="k", help="A kustomization directory."),
    Flag("recursive", "bool", short="R", help="Read directories below the ones given too."),
)
"""The flags of every verb that reads manifests (upstream's FileNameFlags)."""

SELECTOR_FLAG = Flag("selector", short="l", help="Only objects whose labels match.")
FIELD_SELECTOR_FLAG = Flag("field-selector", help="Only objects whose fields match.")
ALL_NAMESPACES_FLAG = Flag("all-namespaces", "bool", short="A", help="In every namespace.")
DRY_RUN_FLAG = Flag("dry-run", default="none", bare="unchanged", help="none, server or client.")
FIELD_MANAGER_FLAG = Flag("field-manager", help="Who owns the changed fields.")
VALIDATE_FLAG = Flag("validate", default="strict", bare="strict", help="strict, warn or ignore (true, false).")
