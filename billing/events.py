"""What others may listen for. Sent inside the transaction that made the change."""

from django.dispatch import Signal

# Keyword arguments: firm_id, service_item_id, version (after the change), actor (firms.Actor).
service_item_changed = Signal()

# Keyword arguments: firm_id, invoice_id, version, actor. Drafts are told of, too.
invoice_changed = Signal()

# Keyword arguments: firm_id, payment_id, version, actor.
payment_changed = Signal()
