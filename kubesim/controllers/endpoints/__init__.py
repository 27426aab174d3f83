"""Endpoints: from a Service's selector to the addresses behind it, as EndpointSlices and as the older Endpoints."""

from kubesim.controllers.endpoints.legacy import EndpointsController
from kubesim.controllers.endpoints.mirroring import EndpointSliceMirroringController
from kubesim.controllers.endpoints.slices import EndpointSliceController

__all__ = ["EndpointSliceController", "EndpointSliceMirroringController", "EndpointsController"]
