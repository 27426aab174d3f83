"""Ground floor, a small Unix: files, processes, the shell, text tools. It knows neither Kubernetes nor the network."""
