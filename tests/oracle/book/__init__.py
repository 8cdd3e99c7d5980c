"""What a book can hold besides European options."""
