"""From a word that a person typed to the resource type it names (kubectl's REST mapper).

``svc``, ``Services``, ``deployments.apps``, ``deploy.v1.apps`` all name a type; ``all`` names a category.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api import resources
from kubesim.api.discovery import KNOWN_BY_NAME
from kubesim.api.resources import RESOURCE_TYPES, ResourceType
from kubesim.kubectl.errors import KubectlError


def resource_type(word: str) -> ResourceType:
    """The type that a word names.

    :raises KubectlError: ``the server doesn't have a resource type "x"``.
    """
    found = resources.resource_type(word)
    if found is not None:
        return found
    resource, _, group = word.partition(".")
    for known in KNOWN_BY_NAME:
        if known.answers_to(resource) and group in ("", known.group, f"{known.version}.{known.group}"):
            return known
    raise KubectlError(f'the server doesn\'t have a resource type "{resource}"')


def expand_categories(words: Sequence[str]) -> list[str]:
    """Words with each category (``all``) replaced by its types."""
    expanded: list[str] = []
    for word in words:
        members = [t.qualified for t in CATEGORY_ORDER if word in t.categories]
        expanded.extend(members or [word])
    return expanded


_FIRST_GROUPS = ("", "apps", "autoscaling", "batch")

CATEGORY_ORDER: tuple[ResourceType, ...] = tuple(
    sorted(RESOURCE_TYPES, key=lambda t: (t.group not in _FIRST_GROUPS, t.group in _FIRST_GROUPS and t.group, t.plural))
)
"""The types in the order in which the server's discovery lists them: by group, then by name."""
