"""``date``: the simulation's time, formatted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kubesim.userland.command_line import Complaint, guarded, split_options
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def date(invocation: Invocation) -> Completed:
    """The simulated date, in UTC."""
    long = "utc=u date=d iso-8601=I rfc-3339=J universal=u rfc-email=R"
    words = list(invocation.argv[1:])
    iso = next((word for word in words if word.startswith(("-I", "--iso-8601"))), None)
    if iso:
        words.remove(iso)
    options, operands = split_options(replace(invocation, argv=("date", *words)), "uR", "dsr", long)
    moment = invocation.machine.datetime(invocation.elapsed)
    if "d" in options:
        parsed = _parse_date(options["d"], moment)
        if parsed is None:
            raise Complaint(f"date: invalid date ‘{options['d']}’\n")
        moment = parsed
    if "s" in options:
        raise Complaint("date: cannot set date: Operation not permitted\n")
    form = "%a %b %e %H:%M:%S UTC %Y"
    if iso:
        form = "%Y-%m-%dT%H:%M:%S+00:00" if "s" in iso[2:] else "%Y-%m-%d"
    if "R" in options:
        form = "%a, %d %b %Y %H:%M:%S +0000"
    for operand in operands:
        if not operand.startswith("+"):
            raise Complaint(f"date: invalid date ‘{operand}’\n")
        form = operand[1:]
    return Completed(_formatted(moment, form) + "\n")


def _formatted(moment: datetime, form: str) -> str:
    special = {
        "s": str(int(moment.timestamp())),
        "N": f"{moment.microsecond * 1000:09d}",
        "Z": "UTC",
        "z": "+0000",
        "n": "\n",
        "t": "\t",
        "k": f"{moment.hour:2d}",
        "P": moment.strftime("%p").lower(),
        "F": moment.strftime("%Y-%m-%d"),
        "T": moment.strftime("%H:%M:%S"),
        "3N": f"{moment.microsecond // 1000:03d}",
    }

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
        amount = int(match[1]) * (-1 if match[3] else 1)
        return now + timedelta(**{f"{match[2]}s": amount})
    named = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
    if text in named:
        return now + timedelta(days=named[text])
    try:
        parsed = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
