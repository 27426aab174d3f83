"""kubesim.terminal."""
