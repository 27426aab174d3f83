"""The StatefulSet controller: Pods with a name, a place in DNS and storage of their own, one after another."""

from kubesim.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
