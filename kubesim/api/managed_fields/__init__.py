"""Who manages which field of an object: ``metadata.managedFields``, and what a server-side apply makes of it.

:mod:`field_set` is a set of fields; :mod:`typed` compares, merges and prunes objects as their struct's marks say;
:mod:`managers` has the rules of ownership; :mod:`history` keeps what is needed to tell it later. Upstream:
``sigs.k8s.io/structured-merge-diff`` and ``k8s.io/apimachinery/pkg/util/managedfields``.
"""
