"""Builtins that work on options and positional parameters: ``set``, ``shopt``, ``shift``, ``getopts``, ``let``."""

from __future__ import annotations

import re

from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.listing import assigned
from kubesim.userland.shell.signals import ShellExit

_LETTERS = {
    "e": "errexit", "u": "nounset", "x": "xtrace", "f": "noglob", "C": "noclobber", "a": "allexport", "v": "verbose",
    "m": "monitor", "n": "noexec", "b": "notify", "h": "hashall", "B": "braceexpand", "E": "errtrace", "T": "functrace",
    "k": "keyword", "P": "physical", "p": "privileged", "t": "onecmd", "H": "histexpand", "I": "ignoreeof",
}  # fmt: skip
_POSIX_LETTERS = "aefnuvxCbmI"
_NAMES = {
    "bash": frozenset(
        {*_LETTERS.values(), "pipefail", "posix", "emacs", "vi", "history", "nolog", "interactive-comments"}
    ),
    "dash": frozenset(
        {"errexit", "noglob", "ignoreeof", "interactive", "monitor", "noexec", "stdin", "xtrace", "verbose", "vi",
         "emacs",          "noclobber", "allexport", "notify", "nounset", "privileged", "nolog", "debug"}
    ),
    "ash": frozenset(
        {"errexit", "noglob", "ignoreeof", "interactive", "monitor", "noexec", "stdin", "xtrace", "verbose",
         "noclobber",          "allexport", "notify", "nounset", "errtrace", "vi", "pipefail"}
    ),
}  # fmt: skip
_ON = frozenset({"braceexpand", "hashall", "interactive-comments"})
"""Options that bash has on from the start."""
_SWITCHES = frozenset(
    (  # noqa: SIM905
        "assoc_expand_once autocd cdable_vars cdspell checkhash checkjobs checkwinsize cmdhist compat31 compat32 "
        "compat40 compat41 compat42 compat43 compat44 complete_fullquote direxpand dirspell dotglob execfail "
        "expand_aliases extdebug extglob extquote failglob force_fignore globasciiranges globskipdots globstar "
        "gnu_errfmt histappend histreedit histverify hostcomplete huponexit inherit_errexit interactive_comments "
        "lastpipe lithist localvar_inherit localvar_unset login_shell mailwarn no_empty_cmd_completion nocaseglob "
        "nocasematch noexpand_translation nullglob patsub_replacement progcomp progcomp_alias promptvars "
        "restricted_shell shift_verbose sourcepath varredir_close xpg_echo "
    ).split()
)
_NOT_SIMULATED = frozenset({"extglob", "globstar", "nocaseglob", "lastpipe"})
"""Switches that would change what words mean in ways that are not simulated."""


def set_options(shell: Shell, words: list[str]) -> int:
    """``set``: options, positional parameters, or the list of variables."""
    options, state = shell.state.options, shell.state
    rest = words[1:]
    if not rest:
        for name, value in sorted(state.variables.items()):
            if value.text is not None or value.elements is not None:
                shell.write(f"{assigned(name, value, shell.dialect.name)}\n")
        return 0
    while rest:
        word = rest.pop(0)
        if word in ("--", "-"):
            if word == "--" or rest:
                _place(shell, rest)
            return 0
        if word[:1] not in ("-", "+") or len(word) < 2:
            _place(shell, [word, *rest])
            return 0
        for letter in word[1:]:
            known = _LETTERS if shell.dialect.is_bash else _POSIX_LETTERS
            name = _LETTERS.get(letter, "") if letter in known else ""
            if letter == "o":
                if not rest:
                    _list(shell)
                    return 0
                name = rest.pop(0)
                if name not in _NAMES[shell.dialect.name]:
                    return _unknown(shell, f"{word[0]}o", name)
            if not name:
                return _unknown(shell, f"{word[0]}{letter}", "")
            if word[0] == "-":
                options.add(name)
            else:
                options.discard(name)
    return 0


def _place(shell: Shell, words: list[str]) -> None:
    """Set the positional parameters; in dash and ash ``getopts`` begins anew with them."""
    shell.state.positional = tuple(words)
    if not shell.dialect.is_bash:
        shell.state.option_index = shell.state.option_place = 1


def _unknown(shell: Shell, option: str, name: str) -> int:
    if shell.dialect.is_bash:
        shell.fail("set", f"{name}: invalid option name" if name else f"{option}: invalid option", 2)
        if not name:
            shell.write("set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n", 2)
        return 2
    shown = f"{option} {name}" if name else option
    if shell.dialect.name == "dash":
        return shell.fail("set", f"Illegal option {shown}", 2, special=True)
    return shell.fail("set", f"illegal option {shown}", 1 if name else 2, special=not name)


def _list(shell: Shell) -> None:
    options = shell.state.options | (_ON if shell.dialect.is_bash else frozenset())
    names = _NAMES[shell.dialect.name]
    if shell.dialect.is_bash:
        for each in sorted(names):
            shell.write(f"{each:<15}\t{'on' if each in options else 'off'}\n")
        return
    if shell.dialect.name == "dash":
        shell.write("Current option settings\n")
    for each in names:
        shell.write(f"{each:<16}{'on' if each in options else 'off'}\n")


def shopt(shell: Shell, words: list[str]) -> int:
    """Set, clear and show bash's switches."""
    letters = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    names = [word for word in words[1:] if not word.startswith("-")]
    switches = shell.state.switches
    status = 0
    for name in names:
        if name not in _SWITCHES:
            status = shell.fail("shopt", f"{name}: invalid shell option name", 1)
        elif "s" in letters and name in _NOT_SIMULATED:
            status = shell.fail("shopt", f"{name}: this switch is not simulated", 1)
        elif "s" in letters:
            switches.add(name)
        elif "u" in letters:
            switches.discard(name)
        else:
            status = status or int(name not in switches)
            if "q" not in letters:
                shell.write(f"{name:<15}\t{'on' if name in switches else 'off'}\n")
    if not names:
        for name in sorted(_SWITCHES):
            if ("s" not in letters or name in switches) and ("u" not in letters or name not in switches):
                shell.write(f"{name:<15}\t{'on' if name in switches else 'off'}\n")
    return status


def shift(shell: Shell, words: list[str]) -> int:
    """Drop the first positional parameters."""
    dialect = shell.dialect
    text = words[1] if len(words) > 1 else "1"
    if not re.fullmatch(r"[-+]?\d+", text):
        if dialect.is_bash:
            return shell.fail("shift", f"{text}: numeric argument required", 1)
        return shell.fail("shift", f"Illegal number: {text}", 2, special=True)
    count = int(text[:9])
    if count < 0:
        if dialect.is_bash:
            return shell.fail("shift", f"{text}: shift count out of range", 1)
        return shell.fail("shift", f"Illegal number: {text}", 2, special=True)
    if count > len(shell.state.positional):
        if dialect.name == "dash":
            return shell.fail("shift", "can't shift that many", 2, special=True)
        return 1
    shell.state.positional = shell.state.positional[count:]
    return 0


def let(shell: Shell, words: list[str]) -> int:
    """Evaluate arithmetic; the status says whether it was zero."""
    if len(words) < 2:
        return shell.fail("let", "expression expected", 1)
    values = []
    for word in words[1:]:
        value = shell.calculated(word, "let: ")
        if value is None:
            return 1
        values.append(value)
    return int(values[-1] == 0)


def getopts(shell: Shell, words: list[str]) -> int:
    """Take the next option from the positional parameters, or from the words given."""
    dialect, state = shell.dialect, shell.state
    if len(words) < 3:
        usage = "getopts: usage: getopts optstring name [arg ...]"
        if dialect.is_bash:
            shell.write(f"{usage}\n", 2)
            return 2
        text = (
            "Usage: getopts optstring var [arg...]" if dialect.name == "dash" else "usage: getopts optstring var [arg]"
        )
        return shell.fail("getopts", text, 2)
    letters, name = words[1], words[2]
    arguments = words[3:] or list(state.positional)
    place = state.option_place
    index = _index(shell)
    if place > 1 and (index > len(arguments) or place >= len(arguments[index - 1])):
        place = 1
    if place == 1 and (
        index > len(arguments) or not re.match(r"-.", arguments[index - 1]) or arguments[index - 1] == "--"
    ):
        if index <= len(arguments) and arguments[index - 1] == "--":
            index += 1
        _remember(shell, min(index, len(arguments) + 1), 1)
        _put(shell, name, "?")
        state.variables.pop("OPTARG", None)
        return 1
    word = arguments[index - 1]
    letter = word[place]
    place += 1
    quiet = letters.startswith(":")
    known = letter != ":" and letter in letters
    value: str | None = None
    result = letter
    if known and letters[letters.index(letter) + 1 : letters.index(letter) + 2] == ":":
        if place < len(word):
            value = word[place:]
        elif index < len(arguments):
            index += 1
            value = arguments[index - 1]
        else:
            result = ":" if quiet else "?"
            value = letter if quiet else None
            if not quiet:
                _complain(shell, "argument", letter)
        place = len(word)
    elif not known:
        result, value = "?", letter if quiet else None
        if not quiet:
            _complain(shell, "option", letter)
    if place >= len(word) or (value is not None and known):
        index, place = index + 1, 1
    _remember(shell, index, place)
    if not dialect.is_bash and place > 1:  # they tell the word after the one that they are in
        state.set("OPTIND", str(index + 1))
        state.option_index, state.option_place = index, place
    if value is None:
        state.variables.pop("OPTARG", None)
    else:
        state.set("OPTARG", value)
    return _put(shell, name, result)


def _index(shell: Shell) -> int:
    text = (shell.state.get("OPTIND") or "1").strip()
    if not shell.dialect.is_bash and text.isdecimal():
        return max(1, shell.state.option_index)
    if re.fullmatch(r"\d+", text):
        return max(1, int(text[:9]))
    if shell.dialect.name != "dash":
        return 1
    shell.complain(f"Illegal number: {text}")
    raise ShellExit(2)


def _remember(shell: Shell, index: int, place: int) -> None:
    shell.state.set("OPTIND", str(index))
    shell.state.option_place = place


def _put(shell: Shell, name: str, value: str) -> int:
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        return shell.fail("getopts", f"`{name}': not a valid identifier", 1)
    shell.state.set(name, value)
    return 0


def _complain(shell: Shell, what: str, letter: str) -> None:
    if "OPTERR" in shell.state.variables and shell.state.get("OPTERR") == "0":
        return
    if shell.dialect.is_bash:
        text = "option requires an argument" if what == "argument" else "illegal option"
        shell.write(f"{shell.state.name}: {text} -- {letter}\n", 2)
    else:
        shell.write(f"No arg for -{letter} option\n" if what == "argument" else f"Illegal option -{letter}\n", 2)
