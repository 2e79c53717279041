"""Entropy, diversity, overlap, and what follows from them."""
