"""What is hedged: the book of options."""
