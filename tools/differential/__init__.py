"""The simulated shells and text programs beside the real ones: the same lines typed into both."""
