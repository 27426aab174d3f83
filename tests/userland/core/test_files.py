"""Files and paths; recorded from GNU coreutils 9.1 and bash 5.2."""

import pytest

from tests.programs.bare_machine import FILES, bare_machine, typed


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("basename /a/b.txt .txt", "b\n", "", 0),
        ("dirname /a/b/c", "/a/b\n", "", 0),
        ("dirname plain", ".\n", "", 0),
        ("mkdir new && ls -d new", "new\n", "", 0),
        ("mkdir names", "", "mkdir: cannot create directory ‘names’: File exists\n", 1),
        ("rmdir nosuch", "", "rmdir: failed to remove 'nosuch': No such file or directory\n", 1),
        ("rm nosuch", "", "rm: cannot remove 'nosuch': No such file or directory\n", 1),
        ("rm -f nosuch", "", "", 0),
        ("touch t && test -f t && echo yes", "yes\n", "", 0),
        ("ls nosuch", "", "ls: cannot access 'nosuch': No such file or directory\n", 2),
        ("cp names copy && cat copy | head -n1", "carol 30 Berlin\n", "", 0),
        ("mv names moved && ls", "colon\nmixed\nmoved\nnumbers\n", "", 0),
        ("ln -s names link && readlink link", "names\n", "", 0),
        ("find . -name 'n*'", "./names\n./numbers\n", "", 0),
        ("test -d /w && echo d", "d\n", "", 0),
        ("printf '%s-%03d\\n' a 7 b 8", "a-007\nb-008\n", "", 0),
        ("echo -n x", "x", "", 0),
        ("echo -e 'a\\tb'", "a\tb\n", "", 0),
        ("expr 2 + 3", "5\n", "", 0),
        ("true", "", "", 0),
        ("false", "", "", 1),
        ("sleep x", "", "sleep: invalid time interval ‘x’\nTry 'sleep --help' for more information.\n", 1),
    ],
)
def test_prints_what_the_real_one_prints(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
