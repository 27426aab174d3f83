"""kubesim.network."""
