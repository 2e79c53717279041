"""Describe the environment of each atom."""
