"""Checks, threads, memory and other parts that know nothing of atoms."""
