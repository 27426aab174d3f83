"""``awk``: the language of POSIX as Debian's mawk and busybox have it.

A program becomes closures: :mod:`lexer <kubesim.userland.text.awk.lexer>` cuts it into tokens, ``parser`` builds a
closure of every expression and statement, and each takes the running :class:`~kubesim.userland.text.awk.running.Awk`.
"""
