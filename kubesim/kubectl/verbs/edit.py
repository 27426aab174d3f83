"""``kubectl edit``, which needs an editor."""

from __future__ import annotations

from kubesim.kubectl.call import Verb
from kubesim.kubectl.flags import FILE_FLAGS
from kubesim.kubectl.verbs.refusing import OUTPUT_FLAG, refused

EDIT = Verb(
    "edit",
    refused("there is no editor here: use kubectl apply -f, kubectl patch or kubectl set"),
    "(RESOURCE/NAME | -f FILENAME) [options]",
    "Edit a resource on the server",
    group="Basic Commands (Intermediate)",
    flags=(*FILE_FLAGS, OUTPUT_FLAG),
)
