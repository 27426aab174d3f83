"""``awk`` on files; recorded from mawk 1.3.4-20250131 and busybox 1.37."""

import pytest

from kubesim.userland.process import Completed
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


@pytest.mark.parametrize(
    ("program", "stdout"),
    [
        ('{printf("%s/%s\\n", $1, $2)}', "carol/30\nalice/25\nbob/35\n"),
        ("BEGIN {do {i++} while (i < 3); print i}", "3\n"),
        ('BEGIN {while ((getline l < "names") > 0) n++; print n, (getline x < "nosuch")}', "3 -1\n"),
        ('{print $1 > "out"} END {close("out"); while ((getline l < "out") > 0) print "got", l}',
         "got carol\ngot alice\ngot bob\n"),
        ('BEGIN {"echo a; echo b" | getline x; "echo a; echo b" | getline y; print x, y}', "a b\n"),
        ('{print $1 | "sort"} END {print "first"}', "first\nalice\nbob\ncarol\n"),
        ('BEGIN {print "a"; system("echo s"); print "b"}', "a\ns\nb\n"),
        ('BEGIN {print system("exit 3"), close("nosuch")}', "3 -1\n"),
        ("function fact(n) {return n <= 1 ? 1 : n * fact(n - 1)} BEGIN {print fact(5)}", "120\n"),
        ('function f(a, b) {a["x"] = 1; b = 2} BEGIN {f(q, r); print q["x"], r}', "1 \n"),
        ("BEGIN {exit} END {print \"e\"}", "e\n"),
        ("BEGIN {print -3 \" \" -2; print !x + 1, 2^3^2, -2^2}", "-3-2\n2 512 -4\n"),
        ('BEGIN {s = "hello"; gsub(/x*/, "-", s); print s}', "-h-e-l-l-o-\n"),
        ('BEGIN {CONVFMT = "%.2g"; a = 3.14159; OFMT = "%.3f"; print a, 17, a ""}', "3.142 17 3.1\n"),
        ("BEGIN {print 2^31, 2^53, 1e20, 1/0, log(-1)}", "2147483648 9007199254740992 1e+20 +inf -nan\n"),
        ("BEGIN {for (i = 0; i < 15; i++) z[i]; for (k in z) printf k \" \"}", "3 10 8 6 5 2 11 1 4 12 0 9 7 14 13 "),
        ('BEGIN {split("q w e r t y", p); for (k in p) printf k}', "365214"),
        ('BEGIN {for (i = 1; i <= 12; i++) w["k" i]; for (k in w) printf k " "}',
         "k1 k2 k12 k5 k11 k6 k8 k3 k10 k7 k9 k4 "),
        ("{NF = 2; print}", "carol 30\nalice 25\nbob 35\n"),
        ('BEGIN {RS = ""} {print NR, $1, NF}', "1 carol 9\n"),
    ],
)  # fmt: skip
def test_speaks_the_whole_language(program: str, stdout: str) -> None:
    done = typed(bare_machine(FILES), f"awk '{program}' names")
    assert (done.stdout, done.stderr, done.returncode) == (stdout, "", 0)


@pytest.mark.parametrize(
    ("program", "stdout", "stderr", "status"),
    [
        ("{print", "", "awk: line 2: missing } near end of file\n", 2),
        ("{print $1)}", "", "awk: line 1: extra ')'\n", 2),
        ("BEGIN {print length(\"a\" }", "", "awk: line 1: missing ) near }\n", 2),
        ("BEGIN {nosuch()}", "", "awk: line 2: function nosuch never defined\n", 2),
        ('BEGIN {print substr("x")}', "", "awk: line 1: not enough arguments in call to substr: 1 (need 2)\n", 2),
        ('BEGIN {"', "", 'awk: line 1: runaway string constant " ...\n', 2),
        ("/(/", "", "awk: line 1: regular expression compile failed (missing ')')\n(\n", 2),
        ("BEGIN {next}", "", "awk: line 1: improper use of next\n", 2),
        ('BEGIN {print > "/nosuch/x"}', "", 'awk: cannot open "/nosuch/x" for output (No such file or directory)\n', 2),
        ('BEGIN {printf "%s|%s\\n", "a"}', "a|",
         'awk: run time error: not enough arguments passed to printf("%s|%s\n")\n'
         '\tFILENAME="" FNR=0 NR=0\n', 2),
    ],
)  # fmt: skip
def test_complains_as_mawk_does(program: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine(FILES), f"awk '{program}' names")
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)


@pytest.mark.parametrize(
    ("program", "stdout", "stderr", "status"),
    [
        (
            'BEGIN {for (i = 0; i < 15; i++) z[i]; for (k in z) printf k " "}',
            "10 11 12 13 14 0 1 2 3 4 5 6 7 8 9 ",
            "",
            0,
        ),
        ('BEGIN {printf "%s|%d\\n"}', "|0\n", "", 0),
        ("BEGIN {print 1/0}", "", "awk: cmd. line:1: Division by zero\n", 1),
        ("{print", "", "awk: cmd. line:1: Unexpected token\n", 1),
        ("BEGIN {nosuch()}", "", "awk: cmd. line:1: Call to undefined function\n", 1),
    ],
)
def test_busybox_has_its_own(program: str, stdout: str, stderr: str, status: int) -> None:
    done = bare_machine(FILES, "busybox").run(["sh", "-c", f"cd /w; awk '{program}' names"])
    assert isinstance(done, Completed)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)
