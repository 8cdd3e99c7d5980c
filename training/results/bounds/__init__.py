"""How far policies can be from the best there is."""
