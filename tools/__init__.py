"""What is run while kubesim is made, not while it runs."""
