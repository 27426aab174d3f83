"""``kubernetes``: the cluster's own names, from the objects that CoreDNS watches."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from kubesim.network.dns import names
from kubesim.network.dns.cluster_names import ZoneSettings
from kubesim.network.dns.corefile_words import Directive, Line, normalised_zones
from kubesim.network.dns.plugins.base import Configuration, Handler, Link, Reply, Request
from kubesim.network.dns.zone import KubernetesZone

POD_MODES = ("disabled", "insecure", "verified")
_NO_EFFECT = frozenset(
    {"endpoint", "tls", "kubeconfig", "labels", "namespace_labels", "transfer", "startup_timeout"}
    | {"apiserver_qps", "apiserver_burst", "apiserver_max_inflight", "upstream"}
)


def kubernetes(line: Directive, configuration: Configuration) -> Link:
    """Read ``kubernetes [ZONES...] { pods MODE, ttl SECONDS, namespaces …, fallthrough [ZONES...], … }``."""
    zones = normalised_zones(line.arguments, configuration.block.zones)
    settings = ZoneSettings(zones, local_addresses=own_addresses(configuration))
    for option in line.block:
        settings = _with_option(settings, option)
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
                raise option.error(f"wrong value for pods: {words[0]},  must be one of: disabled, verified, insecure")
            return replace(settings, pods=words[0])
        case "ttl":
            if not words:
                raise option.wrong_count()
            if not words[0].lstrip("-").isdecimal():
                raise option.error(f'strconv.Atoi: parsing "{words[0]}": invalid syntax')
            if not 0 <= int(words[0]) <= 3600:
                raise option.error(f"ttl must be in range [0, 3600]: {int(words[0])}")
            return replace(settings, ttl=int(words[0]))
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
            if words != ["empty_service"]:
                raise option.error(f"unable to parse ignore value: '{' '.join(words)}'")
            return replace(settings, ignore_empty_service=True)
        case "multicluster":
            return replace(settings, multicluster_zones=normalised_zones(words, ()))
        case other if other in _NO_EFFECT:
            return settings
        case other:
            raise option.error(f"unknown property '{other}'")
