"""The controllers that start with the first object of their kind: a cluster without such objects does without them.

Each is loaded, too, only when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubesim.controllers.client import Client
from kubesim.controllers.events import EventRecorder
from kubesim.controllers.manager import Controller, Manager
from kubesim.simulation import Simulation

Starting = tuple[Callable[[], Controller], tuple[str, ...]]
"""What makes a controller, and the kinds with whose first object it starts."""


def workload_controllers(
    simulation: Simulation, manager: Manager, client: Client, events: EventRecorder
) -> Iterator[Starting]:
    """The controllers of workloads, budgets, quotas, autoscalers and volumes."""

    def autoscalers() -> Controller:
        from kubesim.controllers.autoscaler import AutoscalerController

        return AutoscalerController(simulation, manager, client, events)

    def budgets() -> Controller:
        from kubesim.controllers.disruption import DisruptionController

        return DisruptionController(simulation, manager, client, events)

    def cron_jobs() -> Controller:
        from kubesim.controllers.cronjob import CronJobController

        return CronJobController(simulation, manager, client, events)

    def daemon_sets() -> Controller:
        from kubesim.controllers.daemonset import DaemonSetController

        return DaemonSetController(simulation, manager, client, events)

    def finished_jobs() -> Controller:
        from kubesim.controllers.job import TtlController

        return TtlController(simulation, manager, client)

    def jobs() -> Controller:
        from kubesim.controllers.job import JobController

        return JobController(simulation, manager, client, events)

    def quotas() -> Controller:
        from kubesim.controllers.quotas import ResourceQuotaController

        return ResourceQuotaController(client)

    def replication() -> Controller:
        from kubesim.controllers.replicaset import ReplicationManager

        return ReplicationManager(simulation, manager, client, events)

    def stateful_sets() -> Controller:
        from kubesim.controllers.statefulset import StatefulSetController

        return StatefulSetController(simulation, manager, client, events)

    def volumes() -> Controller:
        from kubesim.controllers.volumes import VolumeController

        return VolumeController(simulation, manager, client, events)

    yield replication, ("ReplicationController",)
    yield daemon_sets, ("DaemonSet",)
    yield stateful_sets, ("StatefulSet",)
    yield jobs, ("Job",)
    yield finished_jobs, ("Job",)
    yield cron_jobs, ("CronJob",)
    yield budgets, ("PodDisruptionBudget",)
    yield quotas, ("ResourceQuota",)
    yield autoscalers, ("HorizontalPodAutoscaler",)
    yield volumes, ("PersistentVolumeClaim", "PersistentVolume")
