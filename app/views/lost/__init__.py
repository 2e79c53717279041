"""Views of the Lost tab."""
