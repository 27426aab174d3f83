"""Whole lines: ``head``, ``tail``, ``wc``, ``cat``, ``paste``…; recorded from GNU coreutils 9.1."""

import pytest

from tests.programs.bare_machine import bare_machine, typed

FILES = {"names": "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n", "mixed": "b\nA\na\nB\nb\n"}


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("head -n1 names", "carol 30 Berlin\n", "", 0),
        ("head -n-1 names", "carol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("head -c5 names", "carol", "", 0),
        ("tail -n1 names", "bob 35 Rome\n", "", 0),
        ("tail -n+2 names", "alice 25 Paris\nbob 35 Rome\n", "", 0),
        ("tail -c5 names", "Rome\n", "", 0),
        ("wc -l names", "3 names\n", "", 0),
        ("wc -w names", "9 names\n", "", 0),
        ("wc -c names", "43 names\n", "", 0),
        ("wc names mixed", " 3  9 43 names\n 5  5 10 mixed\n 8 14 53 total\n", "", 0),
        ("cat -n names", "     1\tcarol 30 Berlin\n     2\talice 25 Paris\n     3\tbob 35 Rome\n", "", 0),
        ("tac names", "bob 35 Rome\nalice 25 Paris\ncarol 30 Berlin\n", "", 0),
        ("rev mixed", "b\nA\na\nB\nb\n", "", 0),
        ("nl names", "     1\tcarol 30 Berlin\n     2\talice 25 Paris\n     3\tbob 35 Rome\n", "", 0),
        ("paste -d, mixed mixed", "b,b\nA,A\na,a\nB,B\nb,b\n", "", 0),
        ("paste -s -d+ mixed", "b+A+a+B+b\n", "", 0),
        ("fold -w3 mixed", "b\nA\na\nB\nb\n", "", 0),
        (
            "cat names nosuch",
            "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n",
            "cat: nosuch: No such file or directory\n",
            1,
        ),
        ("head nosuch", "", "head: cannot open 'nosuch' for reading: No such file or directory\n", 1),
        ("seq 3", "1\n2\n3\n", "", 0),
        ("seq 2 2 6", "2\n4\n6\n", "", 0),
        ("seq 3 -1 1", "3\n2\n1\n", "", 0),
    ],
)
def test_prints_what_the_real_one_prints(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
