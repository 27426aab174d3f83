"""Fields, order and characters of lines: ``cut``, ``sort``, ``tr``, ``uniq``; recorded from GNU coreutils 9.1."""

import pytest

from tests.programs.bare_machine import FILES, bare_machine, typed


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("cut -d: -f1 colon", "root\nweb\nnoseparator\n", "", 0),
        ("cut -d: -f1,3- colon", "root:0:0:/root\nweb:33:33:/var/www\nnoseparator\n", "", 0),
        ("cut -d: -f1 -s colon", "root\nweb\n", "", 0),
        ("cut -c1-3 names", "car\nali\nbob\n", "", 0),
        ("cut -c3- names", "rol 30 Berlin\nice 25 Paris\nb 35 Rome\n", "", 0),
        ("cut -d' ' -f2 names", "30\n25\n35\n", "", 0),
        ("cut -d: -f2-3 --output-delimiter=+ colon", "x+0\nx+33\nnoseparator\n", "", 0),
        ("cut -f1 names", "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sort mixed", "A\nB\na\nb\nb\n", "", 0),
        ("sort -r mixed", "b\nb\na\nB\nA\n", "", 0),
        ("sort -u mixed", "A\nB\na\nb\n", "", 0),
        ("sort -n numbers", "-1\n1.5\n9\n10\n100\n", "", 0),
        ("sort -nr numbers", "100\n10\n9\n1.5\n-1\n", "", 0),
        ("sort -k2 -n names", "alice 25 Paris\ncarol 30 Berlin\nbob 35 Rome\n", "", 0),
        ("sort -k3 names", "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sort -t: -k3n colon", "noseparator\nroot:x:0:0:/root\nweb:x:33:33:/var/www\n", "", 0),
        ("sort -f mixed", "A\na\nB\nb\nb\n", "", 0),
        ("sort -k2,2nr names", "bob 35 Rome\ncarol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("printf 'hello' | tr a-z A-Z", "HELLO", "", 0),
        ("printf 'hello' | tr -d l", "heo", "", 0),
        ("printf 'aabbcc' | tr -s b", "aabcc", "", 0),
        ("printf 'a,b' | tr , '\\n'", "a\nb", "", 0),
        ("printf 'abc123' | tr -cd 0-9", "123", "", 0),
        ("printf 'hello' | tr '[:lower:]' '[:upper:]'", "HELLO", "", 0),
        ("printf 'abc' | tr abc x", "xxx", "", 0),
        ("sort mixed | uniq", "A\nB\na\nb\n", "", 0),
        ("sort mixed | uniq -c", "      1 A\n      1 B\n      1 a\n      2 b\n", "", 0),
        ("sort mixed | uniq -d", "b\n", "", 0),
        ("sort mixed | uniq -u", "A\nB\na\n", "", 0),
        ("uniq -i mixed", "b\nA\nB\n", "", 0),
    ],
)
def test_prints_what_the_real_one_prints(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
