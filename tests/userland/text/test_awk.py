"""``awk`` on files; recorded from mawk 1.3.4."""

import pytest

from tests.programs.bare_machine import bare_machine, typed

FILES = {
    "names": "carol 30 Berlin\nalice 25 Paris\nbob 35 Rome\n",
    "colon": "root:x:0:0:/root\nweb:x:33:33:/var/www\nnoseparator\n",
    "mixed": "b\nA\na\nB\nb\n",
}


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("awk '{print $1}' names", "carol\nalice\nbob\n", "", 0),
        ("awk '{print $NF, NR}' names", "Berlin 1\nParis 2\nRome 3\n", "", 0),
        ("awk -F: '{print $1 \"-\" $3}' colon", "root-0\nweb-33\nnoseparator-\n", "", 0),
        ("awk 'NR==2' names", "alice 25 Paris\n", "", 0),
        ("awk '/li/' names", "carol 30 Berlin\nalice 25 Paris\n", "", 0),
        ("awk '!/li/{print $2}' names", "35\n", "", 0),
        ("awk '$2 > 26 {print $1}' names", "carol\nbob\n", "", 0),
        ("awk '{s += $2} END {print s, s/NR}' names", "90 30\n", "", 0),
        ('awk \'BEGIN {printf "%5.2f|%-5s|%d\\n", 3.14159, "ab", 42.9}\'', " 3.14|ab   |42\n", "", 0),
        ("awk 'BEGIN {OFS=\"-\"} {$1=$1; print}' names", "carol-30-Berlin\nalice-25-Paris\nbob-35-Rome\n", "", 0),
        ("awk '{$2=\"X\"; print}' names", "carol X Berlin\nalice X Paris\nbob X Rome\n", "", 0),
        ("awk 'NR==1,NR==2 {print $1}' names", "carol\nalice\n", "", 0),
        ("awk '{c[length($1)]++} END {print c[5], c[3]}' names", "2 1\n", "", 0),
        ("awk '{gsub(/o/, \"0\"); print}' names", "car0l 30 Berlin\nalice 25 Paris\nb0b 35 R0me\n", "", 0),
        (
            'awk \'BEGIN {print substr("kubernetes", 3, 4), index("abc", "c"), toupper("x"), length("four")}\'',
            "bern 3 X 4\n",
            "",
            0,
        ),
        ('awk \'BEGIN {n = split("a,b,c", p, ","); print n, p[1], p[3]}\'', "3 a c\n", "", 0),
        ('awk \'BEGIN {i = 3; while (i > 0) {printf "%d ", i; i--}; print "go"}\'', "3 2 1 go\n", "", 0),
        ("awk 'BEGIN {for (i = 0; i < 5; i++) {if (i == 1) continue; if (i == 3) break; print i}}'", "0\n2\n", "", 0),
        ("awk 'BEGIN {x = 5; x ^= 2; print x, -x % 7, 2 ^ 3 ^ 0}'", "25 -4 2\n", "", 0),
        ("awk -v n=7 'BEGIN {print n + 1, n \"1\"}'", "8 71\n", "", 0),
        ('awk \'BEGIN {print 1 == 1.0, "a" < "b", "10" < "9", 10 < 9}\'', "1 1 1 0\n", "", 0),
        ("awk 'BEGIN {print 1e6, 1/3, 0.1 + 0.2}'", "1000000 0.333333 0.3\n", "", 0),
        ("awk '{print ($2 == 30), ($2 < 100), ($1 < \"b\")}' names", "1 1 0\n0 1 1\n0 1 0\n", "", 0),
        ('awk \'BEGIN {print x == 0, x == ""; if (!x) print "unset"}\'', "1 1\nunset\n", "", 0),
        ("printf '0\\n1\\n' | awk '$1'", "1\n", "", 0),
        ("awk -v a=10 -v b=9 'BEGIN {print a < b}'", "0\n", "", 0),
        ("awk 'BEGIN {split(\"10 9\", p); print p[1] < p[2]}'", "0\n", "", 0),
        ("awk '{print; next; print \"never\"}' mixed", "b\nA\na\nB\nb\n", "", 0),
        ("awk 'NR==2 {exit 3} {print}' names", "carol 30 Berlin\n", "", 3),
        (
            'awk \'BEGIN {if (!("k" in a)) print "absent"; a["k"]; if ("k" in a) print "there"}\'',
            "absent\nthere\n",
            "",
            0,
        ),
        ('awk \'BEGIN {print (1 ? "yes" : "no"), !0, !""}\'', "yes 1 1\n", "", 0),
        ("awk '{ print $1 } END { print NR }' names", "carol\nalice\nbob\n3\n", "", 0),
        ("awk 'BEGIN {match(\"foobar\", /o+/); print RSTART, RLENGTH}'", "2 2\n", "", 0),
        ('awk \'BEGIN {s = "aaa"; print gsub(/a/, "&b", s), s}\'', "3 ababab\n", "", 0),
        ("awk '$3 ~ /^P/ {print $3}' names", "Paris\n", "", 0),
        ("awk 'BEGIN {x[1]=1; delete x[1]; print length(x[1])}'", "0\n", "", 0),
    ],
)
def test_prints_what_the_real_one_prints(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
