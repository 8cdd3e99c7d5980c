"""Fits a market to statistics."""
