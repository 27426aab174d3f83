"""kubesim.notebook."""
