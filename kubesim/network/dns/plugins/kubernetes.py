"""``kubernetes``: the cluster's own names, from the objects that CoreDNS watches."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from kubesim.api.selectors import parse_label_selector
from kubesim.network.dns import names
from kubesim.network.dns.cluster_names import ZoneSettings
from kubesim.network.dns.corefile_words import CorefileError, Directive, Line, duration, integer, normalised_zones
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request
from kubesim.network.dns.zone import KubernetesZone

POD_MODES = ("disabled", "insecure", "verified")
_MANY = 1000
_COUNTS = {
    "endpoint": (1, _MANY), "tls": (3, 3), "kubeconfig": (1, 2), "labels": (1, _MANY), "namespace_labels": (1, _MANY),
    "startup_timeout": (1, _MANY), "noendpoints": (0, 0),
}  # fmt: skip
"""How many words the options take that have no effect here."""
_NO_EFFECT = frozenset(_COUNTS)


def kubernetes(line: Directive, configuration: Configuration) -> Link:
    """Read ``kubernetes [ZONES...] { pods MODE, ttl SECONDS, namespaces …, fallthrough [ZONES...], … }``."""
    zones = normalised_zones(line.arguments, configuration.block.zones)
    if all(zone.endswith((".in-addr.arpa.", ".ip6.arpa.")) for zone in zones):
        raise CorefileError("non-reverse zone name must be used")
    settings = ZoneSettings(zones, local_addresses=own_addresses(configuration))
    for option in line.block:
        settings = _with_option(settings, option)
    if settings.namespaces and any(option.name == "namespace_labels" for option in line.block):
        raise line.error("namespaces and namespace_labels cannot both be set")
    zone = KubernetesZone(configuration.surroundings.objects, settings)

    def handle(request: Request, following: Handler) -> Reply:
        if request.query.class_name != "IN":
            return following(request)
        response = zone.answer(request.query, configuration.resolve)
        return following(request) if response is None else Reply(response)

    return handle


def own_addresses(configuration: Configuration) -> tuple[str, ...]:
    """Where this server is reached from elsewhere: what ``bind`` names, else the Pod's; not the loopback's."""
    bound = [word for line in configuration.block.directives if line.name == "bind" for word in line.arguments]
    named = [word for word in bound if names.is_address(word)]
    found = [ipaddress.ip_address(each) for each in named or configuration.surroundings.addresses]
    return tuple(str(each) for each in found if not each.is_loopback and not each.is_link_local)


def _with_option(settings: ZoneSettings, option: Line) -> ZoneSettings:
    words = option.arguments
    match option.name:
        case "pods":
            if len(words) != 1:
                raise option.wrong_count()
            if words[0] not in POD_MODES:
                raise CorefileError(f"wrong value for pods: {words[0]},  must be one of: disabled, verified, insecure")
            return replace(settings, pods=words[0])
        case "ttl":
            if not words:
                raise option.wrong_count()
            seconds = integer(words[0])
            if not 0 <= seconds <= 3600:
                raise option.error(f"ttl must be in range [0, 3600]: {seconds}")
            return replace(settings, ttl=seconds)
        case "namespaces":
            if not words:
                raise option.wrong_count()
            return replace(settings, namespaces=settings.namespaces | set(words))
        case "fallthrough":
            return replace(settings, fallthrough=normalised_zones(words, (".",)))
        case "endpoint_pod_names":
            if words:
                raise option.wrong_count()
            return replace(settings, endpoint_pod_names=True)
        case "ignore":
            if words and words[0] != "empty_service":
                raise CorefileError(f"unable to parse ignore value: '{words[0]}'")
            return replace(settings, ignore_empty_service=bool(words) or settings.ignore_empty_service)
        case "multicluster":
            return replace(settings, multicluster_zones=normalised_zones(words, ()))
        case other if other in _NO_EFFECT:
            _check_option(option)
            return settings
        case other:
            raise option.tokens[0].error(f"unknown property '{other}'")


def _check_option(option: Line) -> None:
    """Refuse the values that have no effect here, where CoreDNS refuses them."""
    name, words = option.name, option.arguments
    least, most = _COUNTS[name]
    if not least <= len(words) <= most:
        raise option.wrong_count()
    if name in ("labels", "namespace_labels"):
        text = " ".join(words)
        try:
            parse_label_selector(text)
        except ValueError as error:
            what = "label" if name == "labels" else "namespace_label"
            told = f'couldn\'t parse the selector string "{text}": {error}'
            raise CorefileError(f"unable to parse {what} selector value: '{text}': {told}") from None
    if name == "startup_timeout":
        try:
            duration(words[0])
        except CorefileError as error:
            raise CorefileError(f"failed to parse startup_timeout: {words[0]}, {error}") from None
