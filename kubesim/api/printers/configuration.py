"""The kinds that only carry something: Namespaces, ConfigMaps, Secrets, ServiceAccounts."""

from __future__ import annotations

from datetime import datetime

from kubesim.api.durations import since
from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, Cells, Printer, column


def _metadata(wire: Wire, now: datetime) -> tuple[str, str]:
    metadata = wire.get("metadata") or {}
    return metadata.get("name", ""), since(metadata.get("creationTimestamp"), now)


def _namespace(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    name, age = _metadata(wire, now)
    return name, (wire.get("status") or {}).get("phase", ""), age


def _config_map(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    name, age = _metadata(wire, now)
    return name, len(wire.get("data") or ()) + len(wire.get("binaryData") or ()), age


def _secret(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    name, age = _metadata(wire, now)
    return name, wire.get("type", ""), len(wire.get("data") or ()), age


def _service_account(wire: Wire, now: datetime, with_wide: bool) -> Cells:
    return _metadata(wire, now)


NAMESPACE = Printer((NAME, column("Status"), AGE), _namespace)
CONFIG_MAP = Printer((NAME, column("Data"), AGE), _config_map)
SECRET = Printer((NAME, column("Type"), column("Data"), AGE), _secret)
SERVICE_ACCOUNT = Printer((NAME, AGE), _service_account)
