"""``sed`` on files; recorded from GNU sed 4.9."""

import pytest

from tests.programs.bare_machine import bare_machine, typed

FILES = {
    "names": "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n",
    "colon": "root:x:0:0:/root\nweb:x:33:33:/var/www\nnoseparator\n",
}


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("sed 's/a/X/' names", "cXrol 30 Berlin\nXlice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sed 's/a/X/g' names", "cXrol 30 Berlin\nXlice 25 PXris\nbob 35 Rome\n", "", 0),
        ("sed 's/a/X/2' names", "carol 30 Berlin\nalice 25 PXris\nbob 35 Rome\n", "", 0),
        ("sed -n '2p' names", "alice 25 Paris\n", "", 0),
        ("sed '2d' names", "carol 30 Berlin\nbob 35 Rome\n", "", 0),
        ("sed '$d' names", "carol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("sed -n '/alice/,$p' names", "alice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sed '1,2d' names", "bob 35 Rome\n", "", 0),
        ("sed -E 's/([a-z]+) ([0-9]+)/\\2 \\1/' names", "30 carol Berlin\n25 alice Paris\n35 bob Rome\n", "", 0),
        ("sed 's/\\([a-z]*\\) .*/\\1/' names", "carol\nalice\nbob\n", "", 0),
        ("sed 's#/#|#g' colon", "root:x:0:0:|root\nweb:x:33:33:|var|www\nnoseparator\n", "", 0),
        ("sed -n 's/bob/BOB/p' names", "BOB 35 Rome\n", "", 0),
        ("sed '/bob/!d' names", "bob 35 Rome\n", "", 0),
        ("sed 'y/abc/xyz/' names", "zxrol 30 Berlin\nxlize 25 Pxris\nyoy 35 Rome\n", "", 0),
        ("sed '2q' names", "carol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("sed '1i top' names", "top\ncarol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sed '1a below' names", "carol 30 Berlin\nbelow\nalice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sed '2c changed' names", "carol 30 Berlin\nchanged\nbob 35 Rome\n", "", 0),
        ("sed -n '$=' names", "3\n", "", 0),
        ("sed -e 's/a/1/' -e 's/b/2/' names", "c1rol 30 Berlin\n1lice 25 Paris\n2ob 35 Rome\n", "", 0),
        ("sed '1~2d' names", "alice 25 Paris\n", "", 0),
        (
            "sed 's/[aeiou]/<&>/g' names",
            "c<a>r<o>l 30 B<e>rl<i>n\n<a>l<i>c<e> 25 P<a>r<i>s\nb<o>b 35 R<o>m<e>\n",
            "",
            0,
        ),
        ("sed '2,+1d' names", "carol 30 Berlin\n", "", 0),
        ("sed -n '1{p;p}' names", "carol 30 Berlin\ncarol 30 Berlin\n", "", 0),
        ("sed 'N;s/\\n/+/' names", "carol 30 Berlin+alice 25 Paris\nbob 35 Rome\n", "", 0),
        ("sed '1!G;h;$!d' names", "bob 35 Rome\nalice 25 Paris\ncarol 30 Berlin\n", "", 0),
        ("sed 's/ALICE/x/I' names", "carol 30 Berlin\nx 25 Paris\nbob 35 Rome\n", "", 0),
        ("sed -n '2{s/a/b/;p;q}' names", "blice 25 Paris\n", "", 0),
    ],
)
def test_prints_what_the_real_one_prints(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
