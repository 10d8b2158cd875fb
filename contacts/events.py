"""What others may listen for. Sent inside the transaction that made the change."""

from django.dispatch import Signal

# Keyword arguments: firm_id, contact_id, version (after the change), actor (firms.Actor).
contact_changed = Signal()
