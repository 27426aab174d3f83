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


@pytest.mark.parametrize(
    ("command", "stdout", "status"),
    [
        ("printf 'b 2\\na 10\\na 9\\n' | sort -k1,1 -k2,2n", "a 9\na 10\nb 2\n", 0),
        ("sort -k 2,2n -k 1,1 names", "alice 25 Paris\ncarol 30 Berlin\nbob 35 Rome\n", 0),
        ("sort -c numbers 2>&1", "sort: numbers:3: disorder: 100\n", 1),
        ("sort -n -h numbers 2>&1", "sort: options '-hn' are incompatible\n", 2),
        ("printf '10K\\n2M\\n1G\\n5\\n' | sort -h", "5\n10K\n2M\n1G\n", 0),
        ("sort -t: -k3,3n -k1,1r colon", "root:x:0:0:/root\nnoseparator\nweb:x:33:33:/var/www\n", 0),
        ("cut -d:: -f1 colon 2>&1 | head -1", "cut: the delimiter must be a single character\n", 0),
        ("cut -f0 colon 2>&1 | head -1", "cut: fields are numbered from 1\n", 0),
        ("seq 4 | paste - -", "1\t2\n3\t4\n", 0),
        ("echo hi | od -An -tx1", " 68 69 0a\n", 0),
        ("grep --color=always -n li names",
         "\x1b[32m\x1b[K1\x1b[m\x1b[K\x1b[36m\x1b[K:\x1b[m\x1b[Kcarol 30 Ber\x1b[01;31m\x1b[Kli\x1b[m\x1b[Kn\n"
         "\x1b[32m\x1b[K2\x1b[m\x1b[K\x1b[36m\x1b[K:\x1b[m\x1b[Ka\x1b[01;31m\x1b[Kli\x1b[m\x1b[Kce 25 Paris\n", 0),
        ("grep -ob o names", "3:o\n32:o\n39:o\n", 0),
        ("find . -name names -exec cat {} \\; -o -name 'm*' -print",
         "./mixed\ncarol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n", 0),
        ("find . -name 'n*' -exec echo {} +", "./names ./numbers\n", 0),
        ("mkdir d; touch d/x; find . -name d -prune -o -name x -print; find d -type f -empty", "d/x\n", 0),
        ("echo 'a \"b c\" d' | xargs -n1 echo; echo 'un\"x' | xargs 2>&1 | head -c 29",
         "a\nb c\nd\nxargs: unmatched double quote", 0),
        ("sed 's/b/\\U&x\\E-/' mixed | head -1; sed -i.bak s/a/b/ names; ls names*", "BX-\nnames\nnames.bak\n", 0),
        ("sed '0,/b/d' mixed | head -1; sed -n '2{p;q}' names; sed 's/a/b/w out' names > x; cat out",
         "A\nalice 25 Paris\ncbrol 30 Berlin\nblice 25 Paris\n", 0),
        ("sed '1,2q' names 2>&1", "sed: -e expression #1, char 4: command only uses one address\n", 1),
    ],
)  # fmt: skip
def test_text_programs_do_what_the_real_ones_do(command: str, stdout: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.returncode) == (stdout, status)
