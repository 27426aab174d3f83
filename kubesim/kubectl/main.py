"""kubectl: from the words typed to what it prints.

:func:`run` finds the verb, reads its flags, runs its function and turns whatever is raised into kubectl's words. No
Python exception leaves it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from kubesim.api import go_json
from kubesim.cluster import Cluster
from kubesim.kubectl import help_texts
from kubesim.kubectl.call import Attach, Call, Serve, Spawn, Verb
from kubesim.kubectl.connection import Connection, connect
from kubesim.kubectl.errors import FAILURES, KubectlError, SilentExit, UsageError, report
from kubesim.kubectl.flags import GLOBAL_FLAGS, HELP_FLAG, Flag, FlagError, Parsed, parse
from kubesim.kubectl.kubeconfig import HOME, Kubeconfig, install
from kubesim.turn import Interrupted
from kubesim.userland.bounds import LONGEST_RUN
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import INTERRUPTED, Completed


def run(
    argv: Sequence[str],
    cluster: Cluster,
    files: FileSystem,
    stdin: str = "",
    directory: str = HOME,
    environment: Mapping[str, str] | None = None,
    limit: float = math.inf,
    attach: Attach | None = None,
    serve: Serve | None = None,
    spawn: Spawn | None = None,
    background: bool = False,
) -> Completed:
    """Run one kubectl command.

    :param argv: the words typed, ``kubectl`` itself first or left out.
    :param files: the files of the machine it runs on.
    :param directory: the working directory there.
    :param environment: the variables of the process; None gives the machine a kubeconfig first, if it has none.
    :param limit: seconds after which it is killed, as ``timeout`` does; what it has printed by then stays.
    :param attach: lets a person type into a container's shell; None where nobody is at the keyboard.
    :param serve: lets it go on as a process that listens; None ends it at once.
    :param background: whether nobody waits for it.
    :param spawn: runs another program of its machine, such as an editor.
    """
    from kubesim.kubectl.registry import VERBS

    words = [go_json.clean(word) for word in (argv[1:] if argv and argv[0] == "kubectl" else argv)]
    stdin = go_json.clean(stdin)
    root = Verb("kubectl", subcommands=VERBS)
    before = cluster.simulation.now
    command, verb, rest = find_verb(root, words)
    if environment is None:
        install(files, cluster.configuration)
        environment = {}
    call = Call(
        command, parse((), verb.flags).values, (), -1, Kubeconfig({}, ""), Connection(cluster), files, stdin, directory
    )
    call.killed_at, interrupted = before + min(limit, LONGEST_RUN), False
    call.attach, call.serve, call.background = attach, serve, background
    call.environment, call.spawn = environment, spawn
    try:
        try:
            parsed = parse(_read_words(verb, rest), verb.flags)
        except FlagError as error:
            raise KubectlError(f"{error}\nSee '{command} --help' for usage.") from None
        call.status = _run(verb, parsed, call, cluster, environment)
    except FAILURES as error:
        text, call.status = report(error)
        call.stderr.append(text)
    except (Interrupted, KeyboardInterrupt):  # what was printed until then has been seen
        call.status, interrupted = INTERRUPTED, True
    passed = cluster.simulation.now - before
    texts = ("".join(call.stdout), "".join(call.stderr))
    interrupted = interrupted or passed >= LONGEST_RUN
    stopped = cluster.simulation.now >= before + limit  # as the clock was set: a difference of floats may fall short
    return Completed(*texts, call.status, passed, stopped=stopped, interrupted=interrupted)


def _read_words(verb: Verb, words: list[str]) -> list[str]:
    """The words that are parsed: of a verb that refuses in any case, only whether help is wanted."""
    if not verb.any_flags:
        return words
    return ["--help"] if {"-h", "--help"} & set(words) else []


def _run(verb: Verb, parsed: Parsed, call: Call, cluster: Cluster, environment: Mapping[str, str]) -> int:
    call.flags, call.arguments, call.dash = parsed.values, parsed.arguments, parsed.dash
    if parsed.values.on("help"):
        call.stdout.append(help_texts.help_of(call.command, verb))
        return 0
    if verb.run is None:
        return _only_subcommands(verb, call)
    _check_required(verb, call)
    call.config = Kubeconfig.read(call.files, environment, call.flags.text("kubeconfig"), call.directory)
    if verb.reaches_out:
        from kubesim.kubectl.output.formats import shows_managers  # with the verbs, when there is one

        shows = shows_managers(call.flags)
        call.api = connect(cluster, call.flags, call.config, call.warn, shows_managers=shows)
    status = verb.run(call)
    if not status and call.warned and call.flags.on("warnings-as-errors"):
        raise KubectlError(f"{len(call.warned)} warning{'s' if len(call.warned) > 1 else ''} received")
    return status


def _only_subcommands(verb: Verb, call: Call) -> int:
    if verb.name == "kubectl":
        if call.arguments:
            raise KubectlError(_unknown_command(call.arguments[0], verb.subcommands))
        call.stdout.append(help_texts.help_of(call.command, verb))
        return 0
    if call.arguments:
        raise UsageError(call.command, f'unknown command "{" ".join(call.arguments)}"')
    (call.stdout if verb.help_to_stdout else call.stderr).append(help_texts.help_of(call.command, verb))
    raise SilentExit


def _check_required(verb: Verb, call: Call) -> None:
    missing = [flag.name for flag in verb.flags if flag.required and not call.flags.changed(flag.name)]
    if missing:
        names = ", ".join(f'"{name}"' for name in missing)
        raise KubectlError(f"required flag(s) {names} not set")


def find_verb(root: Verb, words: list[str]) -> tuple[str, Verb, list[str]]:
    """The verb that the words name, and the words without its name (cobra's ``Find``)."""
    command, verb, rest = "kubectl", root, words
    while verb.subcommands:
        position = _first_argument(rest, verb.flags)
        if position is None:
            break
        below = next((v for v in verb.subcommands if rest[position] == v.name or rest[position] in v.aliases), None)
        if below is None:
            break
        command, verb, rest = f"{command} {below.name}", below, [*rest[:position], *rest[position + 1 :]]
    return command, verb, rest


def _first_argument(words: Sequence[str], flags: Sequence[Flag]) -> int | None:
    """Where the first word stands that is neither a flag nor a flag's value."""
    alone = [flag for flag in (*GLOBAL_FLAGS, HELP_FLAG, *flags) if flag.kind == "bool" or flag.bare is not None]
    bare = {f"--{flag.name}" for flag in alone} | {f"-{flag.short}" for flag in alone if flag.short}
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            return None
        if not word.startswith("-") or word == "-":
            return position
        takes_next = "=" not in word and word not in bare and (word.startswith("--") or len(word) == 2)
        position += 2 if takes_next else 1
    return None


def _unknown_command(word: str, verbs: Sequence[Verb]) -> str:
    text = f'unknown command "{word}" for "kubectl"'
    near = [v.name for v in verbs if _distance(word.lower(), v.name) <= 2 or v.name.startswith(word.lower())]
    if near:
        text += "\n\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in near)
    return text


def _distance(left: str, right: str) -> int:
    """The Levenshtein distance."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
