"""Tests of hedge_env/pricing."""
