"""Slow twins of the processes of the market."""
