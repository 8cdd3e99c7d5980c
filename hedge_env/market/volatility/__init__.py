"""Volatility: factors, Heston, season, the surface."""
