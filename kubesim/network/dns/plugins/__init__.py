"""CoreDNS's plugins, one a file: each answers a query, changes it, or hands it to the next.

Their order in the chain is fixed when CoreDNS is built, not by the Corefile: ``hosts`` comes before ``kubernetes`` and
``cache`` before both, whatever the lines' order. :data:`PLUGINS` is that order.
"""

from __future__ import annotations

from kubesim.network.dns.plugins.base import Setup
from kubesim.network.dns.plugins.cache import cache
from kubesim.network.dns.plugins.forward import forward
from kubesim.network.dns.plugins.hosts import hosts
from kubesim.network.dns.plugins.kubernetes import kubernetes
from kubesim.network.dns.plugins.loadbalance import loadbalance
from kubesim.network.dns.plugins.observe import errors, log
from kubesim.network.dns.plugins.rewrite import rewrite
from kubesim.network.dns.plugins.settings import accepted, bufsize, health, loop, prometheus, ready, reload
from kubesim.network.dns.plugins.template import template

PLUGINS: dict[str, Setup] = {
    "root": accepted,
    "metadata": accepted,
    "cancel": accepted,
    "timeouts": accepted,
    "reload": reload,
    "bufsize": bufsize,
    "bind": accepted,
    "debug": accepted,
    "ready": ready,
    "health": health,
    "pprof": accepted,
    "prometheus": prometheus,
    "errors": errors,
    "log": log,
    "loadbalance": loadbalance,
    "cache": cache,
    "rewrite": rewrite,
    "template": template,
    "hosts": hosts,
    "kubernetes": kubernetes,
    "loop": loop,
    "forward": forward,
}
"""Every plugin that is simulated, in the order of the chain; those ``accepted`` do nothing that could be seen here."""
ONCE = frozenset({"cache", "errors", "hosts", "kubernetes", "loop", "prometheus", "ready"})
"""Those that a server block may have one of."""
