"""kube-router's network policy controller, which k3s runs in its own process on every node: what it writes there."""
