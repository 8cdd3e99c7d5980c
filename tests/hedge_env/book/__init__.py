"""Tests of hedge_env/contracts."""
