"""What leaves the page: subsets, records, code, tables and reports."""
