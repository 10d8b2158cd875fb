"""The only writers of billing's records, one module for each kind."""
