"""Tests of hedge_env/market."""
