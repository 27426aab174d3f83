"""The three shells and how each words its complaints: bash, Debian's dash and busybox' ash."""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.userland.filesystem import NO_SUCH_FILE


class ShellSyntaxError(Exception):
    """Text that the shell cannot parse.

    :param token: the unexpected token, ``newline`` at a line's end; empty at the end of the text.
    :param expecting: the keyword that was awaited, where one was.
    :param quote: the quote or bracket that was never closed.
    :param is_word: whether the token is an ordinary word.
    :param trouble: what is wrong, where it is none of the tokens.
    :param before: what is said of a condition before the error itself, which is then only near its token.
    :param status: how the shell ends; bash tells what is wrong inside ``NAME=( … )`` as a failed command.
    """

    def __init__(
        self,
        line: int,
        token: str = "",
        expecting: str = "",
        quote: str = "",
        is_word: bool = False,
        source: str = "",
        trouble: str = "",
        before: str | None = None,
        status: int = 2,
    ) -> None:
        super().__init__(f"line {line}: unexpected {token or 'end of file'}")
        self.line = line
        self.token = token
        self.expecting = expecting
        self.quote = quote
        self.is_word = is_word
        self.source = source
        self.trouble = trouble
        self.before = before
        self.status = status

    def with_status(self, status: int) -> ShellSyntaxError:
        """The same error, after which the shell ends with another status."""
        self.status = status
        return self


@dataclass(frozen=True, slots=True)
class Dialect:
    """One shell's grammar and words.

    :param name: ``bash``, ``dash`` or ``ash``.
    :param interactive: whether a person types: complaints then count no lines (bash).
    """

    name: str
    interactive: bool = False

    @property
    def prompt(self) -> str:
        """What the shell shows a superuser before each line: ``{user}``, ``{host}`` and ``{place}`` are filled in."""
        return {"bash": "{user}@{host}:{place}# ", "ash": "{place} # "}.get(self.name, "# ")

    @property
    def is_bash(self) -> bool:
        """Whether arrays, ``[[ ]]``, braces, ``<<<`` and process substitution exist."""
        return self.name == "bash"

    def prefix(self, script: str, line: int) -> str:
        """What stands before a complaint: ``bash: line 1: ``, ``sh: 1: ``, ``sh: ``."""
        if self.name == "bash":
            return f"{script}: " if self.interactive else f"{script}: line {line}: "
        if self.name == "dash":
            return f"{script}: {line}: "
        return f"{script}: "

    def not_found(self, word: str) -> str:
        """Words for a command that does not exist."""
        return f"{word}: command not found" if self.name == "bash" else f"{word}: not found"

    def cannot_create(self, path: str, reason: str) -> str:
        """Words for a redirection that cannot write."""
        missing = reason == NO_SUCH_FILE
        if self.name == "dash":
            return f"cannot create {path}: {'Directory nonexistent' if missing else reason}"
        if self.name == "ash":
            return f"can't create {path}: {'nonexistent directory' if missing else reason}"
        return f"{path}: {reason}"

    def cannot_open(self, path: str, reason: str) -> str:
        """Words for a redirection that cannot read."""
        missing = reason == NO_SUCH_FILE
        if self.name == "dash":
            return f"cannot open {path}: {'No such file' if missing else reason}"
        if self.name == "ash":
            return f"can't open {path}: {'no such file' if missing else reason}"
        return f"{path}: {reason}"

    def unset(self, name: str) -> str:
        """Words for ``set -u``."""
        return f"{name}: unbound variable" if self.name == "bash" else f"{name}: parameter not set"

    def syntax_error(self, script: str, error: ShellSyntaxError, *, from_option: bool, within: str = "") -> str:
        """The whole complaint about a text that cannot be parsed.

        :param within: ``eval``, or the file that is read.
        """
        if self.name == "bash":
            place = "eval: " if within == "eval" else "" if within else "-c: " if from_option else ""
            where = f"{within if within and within != 'eval' else script}: {place}line {error.line}: "
            if self.interactive and not within:
                where = f"{script}: "
            if error.quote:
                return f"{where}unexpected EOF while looking for matching `{error.quote}'\n"
            if error.trouble and not error.source:
                return f"{where}{error.trouble}\n"
            if error.trouble:
                return f"{where}syntax error: {error.trouble}\n{where}syntax error: `{error.source}'\n"
            if not error.token:
                return f"{where}syntax error: unexpected end of file\n"
            near = f"{where}syntax error near unexpected token `{error.token}'\n"
            if error.before is not None:
                near = f"{where}{error.before}\n" if error.before else ""
                near += f"{where}syntax error near `{error.token}'\n"
            return near if self.interactive and not within else f"{near}{where}`{error.source}'\n"
        if within == "eval":
            within = "eval: " if self.name == "dash" else "eval: line 0: "
        elif within:
            within = f"{within}: "
        if self.name == "dash":
            return f"{script}: {error.line}: {within}{self._trouble(error)}\n"
        return f"{script}: {within}{self._trouble(error)}\n"

    def _trouble(self, error: ShellSyntaxError) -> str:
        """What dash and ash say; they differ in the order of the same words."""
        dash = self.name == "dash"
        start = "Syntax error: " if dash else "syntax error: "
        if error.trouble:
            return f"{start}{error.trouble if dash else error.trouble[0].lower() + error.trouble[1:]}"
        if error.expecting == "))":
            return f"{start}{'M' if dash else 'm'}issing '))'"
        if error.quote in ("'", '"'):
            return f"{start}{'U' if dash else 'u'}nterminated quoted string"
        if error.quote == "`":
            return f"{start}EOF in backquote substitution"
        if error.quote == "}":
            return f"{start}{'M' if dash else 'm'}issing '}}'"
        if not error.token or error.quote:
            what = "end of file"
        elif error.token in ("<", ">", ">>", "<<", "<<<"):
            what = "redirection"
        elif error.is_word:
            what = "word"
        else:
            what = error.token if error.token == "newline" else f'"{error.token}"'
        awaited = error.expecting if error.expecting == "word" else f'"{error.expecting}"'
        expecting = f" (expecting {awaited})" if error.expecting else ""
        return f"{start}{what} unexpected{expecting}" if dash else f"{start}unexpected {what}{expecting}"


BASH = Dialect("bash")
INTERACTIVE_BASH = Dialect("bash", interactive=True)
DASH = Dialect("dash")
ASH = Dialect("ash")
