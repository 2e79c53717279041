"""Views of the Overview tab."""
