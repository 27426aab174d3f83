"""The Job controller: Pods that end, as many as must succeed; and what removes Jobs that are over."""

from kubesim.controllers.job.controller import JobController
from kubesim.controllers.job.ttl import TtlController

__all__ = ["JobController", "TtlController"]
