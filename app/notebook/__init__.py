"""The dashboard in Jupyter."""
