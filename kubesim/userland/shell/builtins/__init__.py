"""The commands that a shell carries out itself."""
