"""Views: load, make one call, answer."""
