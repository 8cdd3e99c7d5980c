"""Spot: diffusion, jumps, regimes, cascades, crowds."""
