"""What may be typed, given or clicked at random: the six doors of the simulator, in the suite and beyond it."""
