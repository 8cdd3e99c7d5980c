"""Tests of hedge_env/execution."""
