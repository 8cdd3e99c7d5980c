"""What is trained, on which market: an experiment file as models."""
