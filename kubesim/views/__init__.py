"""kubesim.views."""
