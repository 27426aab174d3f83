"""Kustomize, as kubectl 1.36 has it built in (5.8): from a directory with a ``kustomization.yaml`` to objects."""

from kubesim.kubectl.kustomize.build import build

__all__ = ["build"]
