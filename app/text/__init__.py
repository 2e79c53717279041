"""Numbers, sentences and explanations as the dashboard writes them."""
