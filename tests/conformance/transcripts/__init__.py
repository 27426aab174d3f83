"""Replaying recorded kubectl sessions: the cluster of the recorder, its containers, and how outputs are compared."""
