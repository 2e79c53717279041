"""What is known and computed about data sets: plain functions and frozen results; no screen, no threads."""
