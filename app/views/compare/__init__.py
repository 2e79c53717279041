"""Views of the Compare tab."""
