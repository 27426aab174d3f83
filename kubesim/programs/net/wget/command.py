"""``wget``: GNU's on hosts and busybox' in its images."""

from __future__ import annotations

from kubesim.programs.machine import Invocation
from kubesim.programs.net.wget.busybox import BusyboxWget
from kubesim.programs.net.wget.gnu import GnuWget
from kubesim.programs.net.wget.options import parse_arguments
from kubesim.userland.files_text import Complaint, is_busybox
from kubesim.userland.process import Completed


def wget(invocation: Invocation) -> Completed:
    """Fetch files."""
    busybox = is_busybox(invocation)
    try:
        settings = parse_arguments(invocation, busybox)
    except Complaint as complaint:
        return Completed("", complaint.text, complaint.status)
    run = BusyboxWget(invocation, settings) if busybox else GnuWget(invocation, settings)
    status = 0
    for url in settings.urls:
        status = run.fetch(url) or status
    return Completed(run.out, run.error, status, run.seconds)
