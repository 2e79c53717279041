"""What a server with many sessions needs."""
