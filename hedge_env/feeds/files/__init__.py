"""Files of history: opened, told apart, and read as series."""
