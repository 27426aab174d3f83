"""Defaults: what the API server fills in where a manifest says nothing.

:func:`apply_defaults` is the whole of it. Defaults are *static*: they depend on the object alone. What depends on the
cluster (an address, a service account) comes later, from admission and strategies. Upstream:
``pkg/apis/{apps,autoscaling,batch,core,discovery,policy}/*/defaults.go``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kubesim.api.objects import Wire, copy_of

_REFERENCE = re.compile(
    r"(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


def pod_defaults(wire: Wire) -> None:
    """Fill in a Pod."""
    spec = wire.setdefault("spec", {})
    _pod_spec_defaults(spec)
    if spec["terminationGracePeriodSeconds"] < 0:  # of a Pod, not of a template
        spec["terminationGracePeriodSeconds"] = 1
    for container in (spec.get("containers") or []) + (spec.get("initContainers") or []):
        _requests_from_limits(container)
        if spec.get("hostNetwork"):
            for port in container.get("ports") or []:
                port["hostPort"] = port.get("hostPort") or port.get("containerPort", 0)
    _default(spec, enableServiceLinks=True)


def _pod_spec_defaults(spec: Wire) -> None:
    """Fill in the spec of a Pod or of a template."""
    spec["dnsPolicy"] = spec.get("dnsPolicy") or "ClusterFirst"
    spec["restartPolicy"] = spec.get("restartPolicy") or "Always"
    _default(spec, securityContext={}, terminationGracePeriodSeconds=30)
    spec["schedulerName"] = spec.get("schedulerName") or "default-scheduler"
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:  # the older name of the field is kept equal to the newer
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(name) or []:
            _container_defaults(container)
    for volume in spec.get("volumes") or []:
        _volume_defaults(volume)


def image_tag(image: str) -> str:
    """The tag of an image reference: ``latest`` where it has neither tag nor digest, empty where it is malformed."""
    match = _REFERENCE.fullmatch(image)
    if match is None:
        return ""
    return match["tag"] or ("" if match["digest"] else "latest")


def _container_defaults(container: Wire) -> None:
    if not container.get("imagePullPolicy"):
        always = image_tag(container.get("image") or "") == "latest"
        container["imagePullPolicy"] = "Always" if always else "IfNotPresent"
    container["terminationMessagePath"] = container.get("terminationMessagePath") or "/dev/termination-log"
    container["terminationMessagePolicy"] = container.get("terminationMessagePolicy") or "File"
    _default(container, resources={})
    _protocols(container.get("ports"))
    for variable in container.get("env") or []:
        _field_reference_defaults((variable.get("valueFrom") or {}).get("fieldRef"))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            _probe_defaults(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and hook.get("httpGet") is not None:
            _http_defaults(hook["httpGet"])


_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def _probe_defaults(probe: Wire) -> None:
    for name, value in _PROBE_DEFAULTS.items():
        probe[name] = probe.get(name) or value
    if probe.get("httpGet") is not None:
        _http_defaults(probe["httpGet"])
    if probe.get("grpc") is not None:
        _default(probe["grpc"], service="")


def _http_defaults(action: Wire) -> None:
    action["path"] = action.get("path") or "/"
    action["scheme"] = action.get("scheme") or "HTTP"


def _field_reference_defaults(reference: Wire | None) -> None:
    if reference is not None:
        reference["apiVersion"] = reference.get("apiVersion") or "v1"


def _requests_from_limits(container: Wire) -> None:
    """A limit without a request is also the request."""
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    if limits:
        requests = resources.get("requests") or {}
        resources["requests"] = limits | requests


def _protocols(ports: list[Wire] | None) -> None:
    for port in ports or []:
        port["protocol"] = port.get("protocol") or "TCP"


def _volume_defaults(volume: Wire) -> None:
    if not any(value is not None for name, value in volume.items() if name != "name"):
        volume["emptyDir"] = {}
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if volume.get(name) is not None:
            _default(volume[name], defaultMode=0o644)
    if volume.get("hostPath") is not None:
        _default(volume["hostPath"], type="")
    items: list[Any] = list((volume.get("downwardAPI") or {}).get("items") or [])
    for source in (volume.get("projected") or {}).get("sources") or []:
        items += (source.get("downwardAPI") or {}).get("items") or []
        if source.get("serviceAccountToken") is not None:
            _default(source["serviceAccountToken"], expirationSeconds=3600)
    for item in items:
        _field_reference_defaults(item.get("fieldRef"))


CLIENT_IP_TIMEOUT = 10800
"""Seconds that ClientIP affinity lasts: three hours."""


def _service_defaults(wire: Wire) -> None:
    """Fill in a Service: type, affinity, protocols and target ports, traffic policies."""
    spec = wire.setdefault("spec", {})
    spec["type"] = spec.get("type") or "ClusterIP"
    spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    _affinity_defaults(spec)
    for port in spec.get("ports") or []:
        port["protocol"] = port.get("protocol") or "TCP"
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)
    if externally_accessible(spec) and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec["type"] in ("NodePort", "LoadBalancer", "ClusterIP"):
        _default(spec, internalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _default(spec, allocateLoadBalancerNodePorts=True)
        for ingress in ((wire.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
            if ingress.get("ip") and ingress.get("ipMode") is None:
                ingress["ipMode"] = "VIP"


def externally_accessible(spec: Wire) -> bool:
    """Whether traffic from outside the cluster can be meant for a Service."""
    kind = spec.get("type") or "ClusterIP"
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _affinity_defaults(spec: Wire) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    if spec["sessionAffinity"] == "ClientIP":
        client_ip = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client_ip.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": CLIENT_IP_TIMEOUT}}


def _deployment_defaults(wire: Wire) -> None:
    """One replica, a rolling update of a quarter at a time, ten old ReplicaSets kept, ten minutes to progress."""
    spec = _workload(wire)
    _rolling_update(spec.setdefault("strategy", {}), maxUnavailable="25%", maxSurge="25%")
    _default(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)


def _replica_set_defaults(wire: Wire) -> None:
    """One replica."""
    _default(_workload(wire), replicas=1)


def _daemon_set_defaults(wire: Wire) -> None:
    """A rolling update of one node at a time."""
    spec = _workload(wire)
    _rolling_update(spec.setdefault("updateStrategy", {}), maxUnavailable=1, maxSurge=0)
    _default(spec, revisionHistoryLimit=10)


def _stateful_set_defaults(wire: Wire) -> None:
    """One replica at a time, in order; claims outlive everything."""
    spec = _workload(wire)
    spec["podManagementPolicy"] = spec.get("podManagementPolicy") or "OrderedReady"
    _rolling_update(spec.setdefault("updateStrategy", {}), partition=0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention["whenDeleted"] = retention.get("whenDeleted") or "Retain"
    retention["whenScaled"] = retention.get("whenScaled") or "Retain"
    _default(spec, replicas=1, revisionHistoryLimit=10)
    for claim in spec.get("volumeClaimTemplates") or []:
        claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
        _claim_defaults(claim)


def _replication_controller_defaults(wire: Wire) -> None:
    """One replica; the template's labels where there is no selector, or where the controller has none of its own."""
    spec = wire.setdefault("spec", {})
    template = spec.get("template")
    if template is not None:
        _pod_spec_defaults(template.setdefault("spec", {}))
        labels = (template.get("metadata") or {}).get("labels")
        if labels:
            spec["selector"] = spec.get("selector") or {**labels}
            metadata = wire.setdefault("metadata", {})
            metadata["labels"] = metadata.get("labels") or {**labels}
    _default(spec, replicas=1)


MOST_RETRIES = 2**31 - 1
"""The back-off limit of a Job whose indexes each have their own."""


def _job_defaults(wire: Wire) -> None:
    """One Pod that must succeed, six that may fail; Pods are replaced when they are going, or when they have failed."""
    spec = _workload(wire)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    per_index = spec.get("backoffLimitPerIndex") is not None
    _default(
        spec,
        parallelism=1,
        backoffLimit=MOST_RETRIES if per_index else 6,
        completionMode="NonIndexed",
        suspend=False,
        manualSelector=False,
        podReplacementPolicy="TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed",
    )
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or []:
        for pattern in rule.get("onPodConditions") or []:
            pattern["status"] = pattern.get("status") or "True"
    labels = ((spec["template"].get("metadata") or {}).get("labels")) or {}
    metadata = wire.setdefault("metadata", {})
    if labels and not metadata.get("labels"):
        metadata["labels"] = {**labels}


def _cron_job_defaults(wire: Wire) -> None:
    """Jobs may overlap; three that succeeded are kept, and one that failed. The Job in it gets its defaults later."""
    spec = wire.setdefault("spec", {})
    template = spec.setdefault("jobTemplate", {}).setdefault("spec", {}).setdefault("template", {})
    _pod_spec_defaults(template.setdefault("spec", {}))
    spec["concurrencyPolicy"] = spec.get("concurrencyPolicy") or "Allow"
    _default(spec, suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)


def _autoscaler_defaults(wire: Wire) -> None:
    """One replica at least; 80 % of the requested CPU where no metric is named; upstream's pace where only some is."""
    spec = wire.setdefault("spec", {})
    _default(spec, minReplicas=1)
    if not spec.get("metrics"):
        target = {"averageUtilization": 80, "type": "Utilization"}
        spec["metrics"] = [{"resource": {"name": "cpu", "target": target}, "type": "Resource"}]
    behavior = spec.get("behavior")
    if behavior is None or not (behavior.get("scaleUp") or behavior.get("scaleDown")):
        return
    percent = {"periodSeconds": 15, "type": "Percent", "value": 100}
    pods = {"periodSeconds": 15, "type": "Pods", "value": 4}
    for name, policies, window in (("scaleUp", [pods, percent], 0), ("scaleDown", [percent], None)):
        rules = behavior[name] = behavior.get(name) or {}
        rules["policies"] = rules.get("policies") or policies
        _default(rules, selectPolicy="Max")
        if window is not None:
            _default(rules, stabilizationWindowSeconds=window)


def _claim_defaults(wire: Wire) -> None:
    """A file system, pending."""
    status = wire.setdefault("status", {})
    status["phase"] = status.get("phase") or "Pending"
    _default(wire.setdefault("spec", {}), volumeMode="Filesystem")


def _volume_object_defaults(wire: Wire) -> None:
    """A file system, pending, kept when its claim goes."""
    spec, status = wire.setdefault("spec", {}), wire.setdefault("status", {})
    status["phase"] = status.get("phase") or "Pending"
    spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
    _default(spec, volumeMode="Filesystem")
    if spec.get("hostPath") is not None:
        _default(spec["hostPath"], type="")


def _workload(wire: Wire) -> Wire:
    spec: Wire = wire.setdefault("spec", {})
    template = spec.setdefault("template", {})
    _pod_spec_defaults(template.setdefault("spec", {}))
    return spec


def _rolling_update(strategy: Wire, **values: int | str) -> None:
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        _default(strategy["rollingUpdate"], **values)


def _default(wire: Wire, **values: Any) -> None:
    """Set what is absent."""
    for name, value in values.items():
        if wire.get(name) is None:
            wire[name] = value


def _namespace_defaults(wire: Wire) -> None:
    """Every Namespace carries its own name as a label, so that selectors can find it."""
    name = wire.setdefault("metadata", {}).get("name")
    if name:
        wire["metadata"].setdefault("labels", {}).setdefault("kubernetes.io/metadata.name", name)
    status = wire.setdefault("status", {})
    status["phase"] = status.get("phase") or "Active"


def _endpoints_defaults(wire: Wire) -> None:
    """A port's protocol is TCP."""
    for subset in wire.get("subsets") or []:
        _protocols(subset.get("ports"))


def _endpoint_slice_defaults(wire: Wire) -> None:
    """A port's name is empty and its protocol TCP."""
    for port in wire.get("ports") or []:
        _default(port, name="", protocol="TCP")


def _secret_defaults(wire: Wire) -> None:
    """A Secret is opaque, unless it says what it holds."""
    wire["type"] = wire.get("type") or "Opaque"


def _network_policy_defaults(wire: Wire) -> None:
    """Ports are TCP's; a policy is about ingress, and about egress where it has rules for it."""
    spec = wire.setdefault("spec", {})
    for rule in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
        _protocols(rule.get("ports"))
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _ingress_class_defaults(wire: Wire) -> None:
    """Parameters are the cluster's."""
    parameters = wire.get("spec", {}).get("parameters")
    if parameters is not None:
        _default(parameters, scope="Cluster")


_RBAC = "rbac.authorization.k8s.io"


def _role_binding_defaults(wire: Wire) -> None:
    """Roles, users and groups are of the group that roles are of."""
    role = wire.setdefault("roleRef", {})
    role["apiGroup"] = role.get("apiGroup") or _RBAC
    for subject in wire.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = subject.get("apiGroup") or _RBAC


def _storage_class_defaults(wire: Wire) -> None:
    """Volumes are made at once, and go with their claim."""
    _default(wire, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _priority_class_defaults(wire: Wire) -> None:
    """Pods of higher priority take the place of others."""
    _default(wire, preemptionPolicy="PreemptLowerPriority")


def _limit_range_defaults(wire: Wire) -> None:
    """For containers: the most is the limit, and the limit, or else the least, is the request."""
    for item in wire.get("spec", {}).get("limits") or []:
        if item.get("type") != "Container":
            continue
        item["default"] = {**(item.get("max") or {}), **(item.get("default") or {})}
        least, most = item.get("min") or {}, item["default"]
        item["defaultRequest"] = {**least, **most, **(item.get("defaultRequest") or {})}
        for field in ("default", "defaultRequest"):
            if not item[field]:
                del item[field]


def _pod_template_defaults(wire: Wire) -> None:
    """As any template of Pods."""
    _pod_spec_defaults(wire.setdefault("template", {}).setdefault("spec", {}))


def _webhook_defaults(wire: Wire) -> None:
    """Who cannot be asked refuses; everything is asked of, for ten seconds at most."""
    for hook in wire.get("webhooks") or []:
        _default(hook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        _default(hook, namespaceSelector={}, objectSelector={})
        if wire["kind"] == "MutatingWebhookConfiguration":
            _default(hook, reinvocationPolicy="Never")
        for rule in hook.get("rules") or []:
            _default(rule, scope="*")
        service = (hook.get("clientConfig") or {}).get("service")
        if service is not None:
            _default(service, port=443)


def _csi_driver_defaults(wire: Wire) -> None:
    """Volumes are attached, last, and change owner where they can."""
    _default(
        wire.setdefault("spec", {}),
        attachRequired=True,
        podInfoOnMount=False,
        storageCapacity=False,
        fsGroupPolicy="ReadWriteOnceWithFSType",
        volumeLifecycleModes=["Persistent"],
        requiresRepublish=False,
        seLinuxMount=False,
    )


_DEFAULTS: dict[str, Callable[[Wire], None]] = {
    "CSIDriver": _csi_driver_defaults,
    "ClusterRoleBinding": _role_binding_defaults,
    "CronJob": _cron_job_defaults,
    "DaemonSet": _daemon_set_defaults,
    "Deployment": _deployment_defaults,
    "EndpointSlice": _endpoint_slice_defaults,
    "Endpoints": _endpoints_defaults,
    "HorizontalPodAutoscaler": _autoscaler_defaults,
    "IngressClass": _ingress_class_defaults,
    "Job": _job_defaults,
    "LimitRange": _limit_range_defaults,
    "MutatingWebhookConfiguration": _webhook_defaults,
    "Namespace": _namespace_defaults,
    "NetworkPolicy": _network_policy_defaults,
    "PersistentVolume": _volume_object_defaults,
    "PersistentVolumeClaim": _claim_defaults,
    "Pod": pod_defaults,
    "PodTemplate": _pod_template_defaults,
    "PriorityClass": _priority_class_defaults,
    "ReplicaSet": _replica_set_defaults,
    "ReplicationController": _replication_controller_defaults,
    "RoleBinding": _role_binding_defaults,
    "Secret": _secret_defaults,
    "Service": _service_defaults,
    "StatefulSet": _stateful_set_defaults,
    "StorageClass": _storage_class_defaults,
    "ValidatingWebhookConfiguration": _webhook_defaults,
}


def fill_in_defaults(wire: Wire) -> None:
    """Fill upstream's defaults into an object."""
    fill = _DEFAULTS.get(wire.get("kind", ""))
    if fill is not None:
        fill(wire)


def apply_defaults(wire: Wire) -> Wire:
    """The object with upstream's defaults; the one given stays as it is."""
    result = copy_of(wire)
    fill_in_defaults(result)
    return result
