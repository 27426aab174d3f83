"""kubesim.kubectl."""
