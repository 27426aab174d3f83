"""``sed``: addresses and the commands s, d, p, q, a, i, c, y, =, n, N, G, H, x, b, t and blocks."""
