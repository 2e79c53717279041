"""Analysis of data sets: plain functions and frozen results, without a screen or threads."""
