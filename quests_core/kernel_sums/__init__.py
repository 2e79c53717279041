"""Sums of Gaussian kernels over pairs of environments."""
