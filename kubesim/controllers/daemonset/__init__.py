"""The DaemonSet controller: one Pod on every node that may have one."""

from kubesim.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
