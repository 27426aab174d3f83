"""The simulator against a real Linux kernel: the same rules in both, real connections in one, predictions in the
other.
"""
