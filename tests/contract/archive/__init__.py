"""Object stores and the sink on them, on a real server."""
