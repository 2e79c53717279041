"""Descriptors of many frames in a folder on disk, written in chunks and mapped into memory."""
