"""Stochastic processes, one per file, and the simulator that composes them."""
