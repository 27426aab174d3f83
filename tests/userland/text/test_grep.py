"""``grep`` on files; recorded from GNU grep 3.8."""

import pytest

from tests.programs.bare_machine import FILES, bare_machine, typed


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("grep a names", "carol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("grep -v a names", "bob 35 Rome\n", "", 0),
        ("grep -c a names", "2\n", "", 0),
        ("grep -n a names", "1:carol 30 Berlin\n2:alice 25 Paris\n", "", 0),
        ("grep -i ALICE names", "alice 25 Paris\n", "", 0),
        ("grep -w bo names", "", "", 1),
        ("grep -w bob names", "bob 35 Rome\n", "", 0),
        ("grep -o '[0-9]*5' names", "25\n35\n", "", 0),
        ("grep -E '(alice|bob) 3' names", "bob 35 Rome\n", "", 0),
        ("grep -F '.' numbers", "1.5\n", "", 0),
        ("grep -x b mixed", "b\nb\n", "", 0),
        ("grep -q alice names", "", "", 0),
        ("grep -q nobody names", "", "", 1),
        ("grep nobody names", "", "", 1),
        ("grep -l a names mixed", "names\nmixed\n", "", 0),
        ("grep -L web names colon", "names\n", "", 0),
        ("grep a names mixed", "names:carol 30 Berlin\nnames:alice 25 Paris\nmixed:a\n", "", 0),
        ("grep -h a names mixed", "carol 30 Berlin\nalice 25 Paris\na\n", "", 0),
        ("grep -e alice -e bob names", "alice 25 Paris\nbob 35 Rome\n", "", 0),
        ("grep -m1 a names", "carol 30 Berlin\n", "", 0),
        ("grep -A1 carol names", "carol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("grep -B1 bob names", "alice 25 Paris\nbob 35 Rome\n", "", 0),
        ("grep '^[ab]' names", "alice 25 Paris\nbob 35 Rome\n", "", 0),
        ("grep 'e$' names", "bob 35 Rome\n", "", 0),
        ("grep -c '' names", "3\n", "", 0),
    ],
)
def test_prints_what_the_real_one_prints(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
