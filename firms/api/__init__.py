"""The frame of the REST API: every app's `api/` stands on it. It knows none of them."""
