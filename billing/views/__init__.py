"""Pages of billing, one module for each kind of record."""
