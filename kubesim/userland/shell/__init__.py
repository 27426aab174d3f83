"""The shells of Pods and of the learner's terminal: bash, Debian's ``sh`` (dash) and busybox' ``sh`` (ash).

``lexer`` and ``parser`` read a text into a ``tree``, ``expansion`` turns words into arguments, ``interpreter`` runs
commands, ``builtins`` is what the shell does itself. No host program is ever run and no host file is touched: a
command is a builtin, a function, or a program of the simulated machine.
"""
