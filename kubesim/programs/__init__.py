"""kubesim.programs."""
