"""Views of the Frames tab."""
