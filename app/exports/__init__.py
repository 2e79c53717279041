"""Exports: subsets, records, code, tables and reports."""
