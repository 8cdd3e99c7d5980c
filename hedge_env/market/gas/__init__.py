"""The price of gas."""
