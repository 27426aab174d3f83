"""``wget``: GNU's on hosts and busybox' in its images."""

from kubesim.programs.net.wget.command import wget

__all__ = [
    "wget",
]
