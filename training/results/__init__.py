"""What was measured, without a picture."""
