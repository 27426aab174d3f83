"""The kubelet: makes a Pod that was bound to its node real, and reports what became of it."""

from kubesim.controllers.kubelet.kubelet import Kubelet

__all__ = ["Kubelet"]
