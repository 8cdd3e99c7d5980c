"""What becomes of the money of those who gave it."""
