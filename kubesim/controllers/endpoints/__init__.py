"""Endpoints: from a Service's selector to the addresses behind it, as EndpointSlices and as the older Endpoints."""

from kubesim.controllers.endpoints.controller import EndpointsController
from kubesim.controllers.endpoints.mirroring import EndpointSliceMirroringController

__all__ = ["EndpointSliceMirroringController", "EndpointsController"]
