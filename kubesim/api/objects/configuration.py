"""Namespace and ConfigMap: objects that hold others, or settings."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import View
from kubesim.api.objects.metadata import ObjectMeta


class NamespaceStatus(View):
    """v1.NamespaceStatus."""

    phase: str = ""


class Namespace(View):
    """v1.Namespace."""

    apiVersion: str = "v1"
    kind: str = "Namespace"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class ConfigMap(View):
    """v1.ConfigMap."""

    apiVersion: str = "v1"
    kind: str = "ConfigMap"
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    data: dict[str, str] | None = None
    immutable: bool | None = None
