"""The verbs, grouped as upstream's packages group them; :mod:`kubesim.kubectl.registry` lists them."""
