"""The protocol of a policy, its file, and its network."""
