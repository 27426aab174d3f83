"""What ``kubectl rollout`` knows of each kind: how far a rollout is, and which templates there were.

Upstream: ``k8s.io/kubectl/pkg/polymorphichelpers``.
"""

from kubesim.kubectl.rollouts.history import History, Past
from kubesim.kubectl.rollouts.status import STATUS_VIEWERS

__all__ = ["STATUS_VIEWERS", "History", "Past"]
