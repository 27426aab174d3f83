"""What the three shells do with streams, subshells, traps and ``set -e``, as bash, dash and busybox do it."""

import pytest

from kubesim.userland.process import Completed, Running
from tests.programs.bare_machine import FILES, bare_machine, typed


@pytest.mark.parametrize(
    ("command", "stdout", "status"),
    [
        # streams
        ("bash -c 'exec > out; echo kept'; cat out", "kept\n", 0),
        ("bash -c 'exec 2> /dev/null; nosuch; echo on'", "on\n", 0),
        ("{ echo a; echo b >&2; } 2> err; cat err", "a\nb\n", 0),
        ("echo a > nosuch/x || echo no", "no\n", 0),
        ("cat < nosuch; echo $?", "1\n", 0),
        ("set -C; echo a > names; echo $?", "1\n", 0),
        # standard input goes to who reads it
        ("printf 'a\\nb\\nc\\n' | while read x; do echo $x; done", "a\nb\nc\n", 0),
        ("printf 'a\\nb\\nc\\n' | while read x; do cat; done", "b\nc\n", 0),
        ("printf 'a\\nb\\n' | while read x; do timeout 1 true; echo $x; done", "a\nb\n", 0),
        ("printf 'a\\nb\\n' | while read x; do env cat; done", "b\n", 0),
        ("printf 'a\\nb\\n' | while read x; do cat names > /dev/null; echo $x; done", "a\nb\n", 0),
        ("yes | head -2", "y\ny\n", 0),
        # subshells
        ("x=1; (x=2; exit 3); echo $? $x", "3 1\n", 0),
        ("x=1; echo a | x=2; echo $x", "1\n", 0),
        ("x=$(exit 4); echo $?", "4\n", 0),
        ("cd /tmp; (cd /; pwd); pwd", "/\n/tmp\n", 0),
        # traps
        ("(trap 'echo bye' EXIT; echo on)", "on\nbye\n", 0),
        ("{ trap 'echo bye' EXIT; } | cat; echo on", "bye\non\n", 0),
        ("bash -c 'trap \"echo bye; exit 5\" EXIT; exit 3'; echo $?", "bye\n5\n", 0),
        ("bash -c 'kill -TERM $$'; echo $?", "143\n", 0),
        # set -e
        ("bash -c 'set -e; false || echo on; if false; then :; fi; ! true; false; echo no'", "on\n", 1),
        ("bash -c 'set -e; f() { false; echo in; }; f && echo on'", "in\non\n", 0),
        ("bash -c 'set -o pipefail; false | true; echo $? ${PIPESTATUS[@]}'", "1 1 0\n", 0),
        # loops
        ("for i in 1 2 3; do for j in a b; do [ $i = 2 ] && continue 2; [ $i = 3 ] && break 2; echo $i$j; done; done",
         "1a\n1b\n", 0),
        ("i=0; until [ $i = 2 ]; do i=$((i+1)); done; echo $i", "2\n", 0),
        ("case b in a) echo a ;; [bc]) echo bc ;& x) echo x ;; *) echo no ;; esac", "bc\nx\n", 0),
        # functions and variables
        ("f() { local a=1; g; echo $a; }; g() { a=2; }; a=0; f; echo $a", "2\n0\n", 0),
        ("f() { echo $a; }; a=1 f; echo ${a:-none}", "1\nnone\n", 0),
        ("f() { return 7; echo no; }; f; echo $?", "7\n", 0),
        ("set -- a 'b c'; for x; do echo \"<$x>\"; done", "<a>\n<b c>\n", 0),
        # conditions
        ("[[ a1 =~ ^([a-z])([0-9])$ ]] && echo ${BASH_REMATCH[2]}", "1\n", 0),
        ("[[ -f names && ! ( -d names || abc == x* ) ]] && echo yes", "yes\n", 0),
        ("[ -f names -a ! -d names ] && echo yes", "yes\n", 0),
        ("test 1 -eq x; echo $?", "2\n", 0),
        ("command -v ls cd nosuch; type ls", "/usr/bin/ls\ncd\nls is /usr/bin/ls\n", 0),
    ],
)  # fmt: skip
def test_does_what_the_real_one_does(command: str, stdout: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.returncode) == (stdout, status)


@pytest.mark.parametrize(
    ("shell", "stderr", "status"),
    [
        ("bash", "bash: line 1: nosuch: command not found\n", 127),
        ("dash", "dash: 1: nosuch: not found\n", 127),
    ],
)
def test_each_shell_has_its_words(shell: str, stderr: str, status: int) -> None:
    done = typed(bare_machine({}), f"{shell} -c nosuch")
    assert (done.stderr, done.returncode) == (stderr, status)


@pytest.mark.parametrize(
    ("text", "serves"),
    [
        ("nc -l -p 80", True),
        ("nc -l -p 80; echo behind", True),
        ("nc -l -p 80 | cat", False),
        ("nc -l -p 80 | nc -l -p 81", True),
        ("(nc -l -p 80)", False),
        ("echo a | nc -l -p 80", True),
        ("x=$(nc -l -p 80); echo $x", False),
    ],
)
def test_only_the_last_command_of_a_pipe_takes_the_main_process_place(text: str, serves: bool) -> None:
    """A server elsewhere (before a pipe, in a subshell, in a substitution) is not the container: it is waited for."""
    done = bare_machine({}, "busybox").run(["sh", "-c", text], main=True)
    assert isinstance(done, Running if serves else Completed)
    if isinstance(done, Running):
        assert list(done.listeners) == [("TCP", 81 if "81" in text else 80)]
