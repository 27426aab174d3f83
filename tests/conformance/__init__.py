"""Running the simulator against facts recorded from the real programs."""
