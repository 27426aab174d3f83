"""How a program's words become its options and operands, as getopt has it; what is said of words that are wrong."""

import pytest

from kubesim.programs.machine import Machine
from kubesim.userland.command_line import CommandLine, Run, program
from kubesim.userland.process import Completed, Start
from tests.programs.bare_machine import FILES, bare_machine, typed


@program("ab", "nv", "all=a number=n names=b", optional="i", digits="n")
def shown(run: Run) -> Completed:
    """Says how its command line was read."""
    return run.finished([repr(run.options), repr(run.repeated.get("v", [])), repr(run.operands)])


@program("a", "v", in_order=True)
def in_order(run: Run) -> Completed:
    """The same of a program whose first operand is another program."""
    return run.finished([repr(run.options), repr(run.operands)])


@program(least=2, status=3, missing="two are needed")
def pair(run: Run) -> Completed:
    """Reads its words itself."""
    return run.finished(run.operands)


def start(line: str, image: str = "nginx") -> Start[Machine]:
    return Start(tuple(line.split(" ")), bare_machine({}, image))


@pytest.mark.parametrize(
    ("line", "options", "repeated", "operands"),
    [
        ("shown -ab x", {"a": "", "b": ""}, [], ["x"]),
        ("shown x -a y", {"a": ""}, [], ["x", "y"]),
        ("shown -- -a", {}, [], ["-a"]),
        ("shown - -a", {"a": ""}, [], ["-"]),
        ("shown -an5 x", {"a": "", "n": "5"}, [], ["x"]),
        ("shown -n 5 x", {"n": "5"}, [], ["x"]),
        ("shown -7 x", {"n": "7"}, [], ["x"]),
        ("shown -v a -vb", {"v": "b"}, ["a", "b"], []),
        ("shown -i x", {"i": ""}, [], ["x"]),
        ("shown -i.bak x", {"i": ".bak"}, [], ["x"]),
        ("shown --number=5 --all", {"n": "5", "a": ""}, [], []),
        ("shown --num 5", {"n": "5"}, [], []),
        ("shown --al", {"a": ""}, [], []),
    ],
)
def test_words_are_options_and_operands(
    line: str, options: dict[str, str], repeated: list[str], operands: list[str]
) -> None:
    assert shown(start(line)).stdout.splitlines() == [repr(options), repr(repeated), repr(operands)]


def test_the_first_operand_ends_the_options_where_it_is_a_program() -> None:
    assert in_order(start("in_order -a -v 1 ls -l -v")).stdout == "{'a': '', 'v': '1'}\n['ls', '-l', '-v']\n"


@pytest.mark.parametrize(
    ("line", "image", "stderr"),
    [
        ("shown -x", "nginx", "shown: invalid option -- 'x'\nTry 'shown --help' for more information.\n"),
        ("shown -x", "busybox", "shown: invalid option -- 'x'\n"),
        ("shown --x", "nginx", "shown: unrecognized option '--x'\nTry 'shown --help' for more information.\n"),
        ("shown -n", "nginx", "shown: option requires an argument -- 'n'\nTry 'shown --help' for more information.\n"),
        ("shown --n", "nginx", "shown: option '--n' requires an argument\nTry 'shown --help' for more information.\n"),
    ],
)
def test_what_is_no_option_is_refused_in_the_words_of_the_family(line: str, image: str, stderr: str) -> None:
    done = shown(start(line, image))
    assert (done.stdout, done.stderr, done.returncode) == ("", stderr, 1)


def test_too_few_operands_are_a_misuse_with_the_programs_own_status() -> None:
    done = pair(start("pair -x"))
    assert (done.stderr, done.returncode) == (
        "pair: two are needed\nTry 'pair --help' for more information.\n",
        3,
    )
    assert pair(start("pair -x y")).stdout == "-x\ny\n"


def test_a_program_goes_on_after_what_it_cannot_read() -> None:
    line = CommandLine(start("cat"))
    line.operands += ["/none", "/etc/hostname", "/etc"]
    assert [text for _, text in line.inputs()] == ["bare\n"]
    done = line.finished("out", failing=4)
    assert (done.stdout, done.returncode) == ("out", 4)
    assert done.stderr == "cat: /none: No such file or directory\ncat: /etc: Is a directory\n"


@pytest.mark.parametrize(
    ("command", "stderr", "status"),
    [
        ("base64 -w x names", "base64: invalid wrap size: ‘x’\n", 1),
        ("fold -w 0 names", "fold: invalid number of columns: ‘0’\n", 1),
        ("grep -A x a names", "grep: x: invalid context length argument\n", 2),
        ("grep -m x a names", "grep: invalid max count\n", 2),
        ("diff -U x names mixed", "diff: invalid context length 'x'\n", 2),
    ],
)
def test_an_option_that_takes_a_number_gets_one(command: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == ("", stderr, status)


@pytest.mark.parametrize(
    ("command", "stdout"),
    [
        ("nice -n 5 echo a", "a\n"),
        ("nice -5 echo a", "a\n"),
        ("stdbuf -oL echo a", "a\n"),
        ("timeout --foreground -k 1 5 echo -n a", "a"),
        ("env --unset=A -u B C=1 printenv C", "1\n"),
        ("xargs -n 1 -- echo -n < /dev/null", ""),
        ("awk -F: -v x=1 'NR == 1 {print x, $1}' colon", "1 root\n"),
        ("sed --expression=2q -n -e 1p names", "carol 30 Berlin\n"),
        ("date --iso-8601", "2026-07-01\n"),
    ],
)
def test_programs_that_run_others_take_their_own_options_only(command: str, stdout: str) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, "", 0)
