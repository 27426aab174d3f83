"""The scheduler: which node a Pod shall run on. Filters say which nodes can, scores say which of those is best."""

from kubesim.controllers.scheduler.scheduler import Scheduler

__all__ = ["Scheduler"]
