"""What a terminal makes of keystrokes; echoes as Linux' line discipline has them (termios(3))."""

from __future__ import annotations

import pytest

from kubesim.serve.line_discipline import LineDiscipline

UP, DOWN = "\x1b[A", "\x1b[B"


@pytest.mark.parametrize(
    ("pressed", "lines", "echo"),
    [
        ("ls\r", ["ls"], "ls\r\n"),
        ("ls\r\n", ["ls"], "ls\r\n"),
        ("lx\x7fs\r", ["ls"], "lx\b \bs\r\n"),
        ("\x7f\r", [""], "\r\n"),
        ("one two\x15\r", [""], "one two" + "\b \b" * 7 + "\r\n"),
        ("one two\x17x\r", ["one x"], "one two" + "\b \b" * 3 + "x\r\n"),
        ("one\x03ls\r", ["^interrupt", "ls"], "one^C\r\nls\r\n"),
        ("\x04", ["^end"], ""),
        ("ls\x04\r", ["ls"], "ls\r\n"),
        (f"ab\rac\r{UP}{UP}\r", ["ab", "ac", "ab"], "ab\r\nac\r\nac\b \bb\r\n"),
        (f"ab\r{UP}{DOWN}c\r", ["ab", "c"], "ab\r\nab" + "\b \b" * 2 + "c\r\n"),
        ("a\x1b[1;5Cb\x1b[3~c\r", ["abc"], "abc\r\n"),
        ("ä\x00\x07\r", ["ä"], "ä\r\n"),
    ],
)
def test_keys_of_a_terminal(pressed: str, lines: list[str], echo: str) -> None:
    for pieces in ([pressed.encode()], [bytes([each]) for each in pressed.encode()]):  # at once, and key by key
        keys = LineDiscipline(tty=True)
        typed = [each for piece in pieces for each in keys.press(piece)]
        assert [each.text if each.key == "line" else f"^{each.key}" for each in typed if each.key] == lines
        assert "".join(each.echo for each in typed) == echo


def test_without_a_terminal_a_line_is_what_stands_before_a_newline() -> None:
    keys = LineDiscipline(tty=False)
    typed = list(keys.press(b"echo \x7f\n\nexi"))
    assert [(each.key, each.text, each.echo) for each in typed] == [("line", "echo \x7f", ""), ("line", "", "")]
    assert (keys.rest(), keys.rest()) == ("exi", "")
