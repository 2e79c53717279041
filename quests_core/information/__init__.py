"""Entropy, diversity, overlap, and quantities derived from them."""
