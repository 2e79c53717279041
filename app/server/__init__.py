"""Guards, limits, scheduling and telemetry of a server with many sessions."""
