"""The Deployment controller: from one Pod template to the next without ever dropping below what was promised."""

from kubesim.controllers.deployment.deployment import DeploymentController

__all__ = ["DeploymentController"]
