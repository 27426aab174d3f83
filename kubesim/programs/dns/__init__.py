"""Programs that ask names: dig, nslookup and host of BIND, busybox' nslookup, and the C libraries' getent."""
