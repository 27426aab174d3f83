"""``awk``: the part of the language that one-liners use.

Patterns (expressions, ranges, BEGIN, END), ``print`` and ``printf``, fields and variables, arithmetic, comparison,
matching, arrays, ``if``/``while``/``for``, and the common functions. A parser builds closures: each takes the running
:class:`Awk` and gives a value.
"""
