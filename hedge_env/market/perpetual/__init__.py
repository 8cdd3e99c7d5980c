"""The perpetual: funding and basis."""
