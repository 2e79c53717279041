"""Compilation, threads, memory, files, validation and other general helpers."""
