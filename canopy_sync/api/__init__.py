"""The REST API as a whole: its addresses, its description, its pages."""
