"""Views of the Potentials tab."""
