"""Names: DNS messages, the records of a Kubernetes cluster, CoreDNS, and the stub resolvers that ask it."""
