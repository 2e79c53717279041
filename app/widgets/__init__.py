"""The pieces that views are made of: cards, tables, tabs, numbers in words, the structure's picture."""
