"""The only writers of billing's records, one or a few modules for each kind."""
