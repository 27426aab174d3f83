"""nginx: its configuration language, the server that obeys it, and the image's entrypoint.

``configuration`` reads ``/etc/nginx``, ``choosing`` finds the server and location of a request, ``exchange`` is a
request on its way, answered by ``static``, ``proxying`` or ``pages``; ``server`` takes it, ``command`` is the program
and what listens, ``processes`` what runs. What answers is loaded when somebody asks.
"""

from kubesim.programs.nginx.command import Nginx, docker_entrypoint

__all__ = ["Nginx", "docker_entrypoint"]
