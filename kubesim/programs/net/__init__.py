"""Programs that show or try the network: ping, nc, wget, telnet, traceroute, ss, ip, conntrack, iptables, nft."""
