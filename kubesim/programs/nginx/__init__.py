"""nginx: its configuration language, the server that obeys it, and the image's entrypoint.

``configuration`` parses ``/etc/nginx``, ``server`` answers requests from the container's own files, ``logs`` writes
the access and error lines, ``command`` is the program and the entrypoint script.
"""

from kubesim.programs.nginx.command import docker_entrypoint, nginx

__all__ = ["docker_entrypoint", "nginx"]
