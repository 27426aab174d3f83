"""The simulation's time: ``date`` shows it, ``sleep`` lets it pass."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.numerals import whole_number
from kubesim.userland.process import Completed

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


@program("uR", "dsr", "utc=u date=d iso-8601=I rfc-3339=J universal=u rfc-email=R", optional="I")
def date(run: Run) -> Completed:
    """The simulated date, in UTC."""
    moment: datetime | None = run.machine.datetime(run.invocation.elapsed)
    if run.on("d"):
        moment = _parse_date(run.options["d"], run.machine.datetime(run.invocation.elapsed))
    if moment is None:
        raise Complaint(f"date: invalid date ‘{run.options['d']}’\n")
    if run.on("s"):
        raise Complaint("date: cannot set date: Operation not permitted\n")
    form = "%a, %d %b %Y %H:%M:%S +0000" if run.on("R") else "%a %b %e %H:%M:%S UTC %Y"
    if run.on("I") and not run.on("R"):
        form = "%Y-%m-%dT%H:%M:%S+00:00" if run.options["I"].startswith("s") else "%Y-%m-%d"
    for operand in run.operands:
        if not operand.startswith("+"):
            raise Complaint(f"date: invalid date ‘{operand}’\n")
        form = operand[1:]
    return Completed(_formatted(moment, form) + "\n")


def _formatted(moment: datetime, form: str) -> str:
    special = {
        "s": str(int(moment.timestamp())), "N": f"{moment.microsecond * 1000:09d}", "Z": "UTC", "z": "+0000",
        "n": "\n", "t": "\t", "k": f"{moment.hour:2d}", "P": moment.strftime("%p").lower(),
        "F": moment.strftime("%Y-%m-%d"), "T": moment.strftime("%H:%M:%S"), "3N": f"{moment.microsecond // 1000:03d}",
    }  # fmt: skip

    def one(match: re.Match[str]) -> str:
        if match[1] in special:
            return special[match[1]]
        return moment.strftime(f"%{match[1]}") if match[1] in "aAbBcCdDegGhHIjmMpRrSuUVwWxXyY%" else match[0]

    return re.sub(r"%(3N|.)", one, form)


def _parse_date(text: str, now: datetime) -> datetime | None:
    if re.fullmatch(r"@\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text[1:]), UTC)
    match = re.fullmatch(r"([-+]?\d+) (second|minute|hour|day|week)s?( ago)?", text)
    if match:
        amount = whole_number(match[1]) * (-1 if match[3] else 1)
        return now + timedelta(**{f"{match[2]}s": amount})
    named = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
    if text in named:
        return now + timedelta(days=named[text])
    try:
        parsed = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def time_span(text: str) -> float | None:
    """Seconds of a time span, as ``10``, ``.5s``, ``2m`` or ``infinity``; None where it is none."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if match:
        return float(match[1]) * _UNITS[match[2]]
    return 10.0 * 365 * 86_400 if text in ("infinity", "inf") else None


@program("", least=1)
def sleep(run: Run) -> Completed:
    """Let time pass: the one program that takes exactly as long as it says."""
    total = 0.0
    for word in run.operands:
        seconds = time_span(word)
        if seconds is None and run.busybox:
            raise Complaint(f"sleep: invalid number '{word}'\n")
        if seconds is None:
            raise run.misuse(f"invalid time interval ‘{word}’")
        total += seconds
    return Completed(seconds=total)
