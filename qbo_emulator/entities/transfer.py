"""Transfer: money moved between two accounts."""

from ..transactions import transfers
from .base import Entity, Field, Kind, Shape
from .purchase_form import EVENTS
from .sales_form import HEAD

TRANSFER = Entity(
    name="Transfer",
    shape=Shape.TRANSACTION,
    noun="transfer",
    required=("FromAccountRef", "ToAccountRef", "Amount"),
    settle=transfers.settle,
    post=transfers.post,
    sends_events=EVENTS,
    fields=(
        Field("FromAccountRef", Kind.REF, refers_to="Account", shows_name=True, keeps=True),
        Field("ToAccountRef", Kind.REF, refers_to="Account", shows_name=True, keeps=True),
        Field("Amount", Kind.DECIMAL, keeps=True, filters=True, sorts=True),
        *HEAD,
        Field("TransactionLocationType", limit=50, read_only=True),
        Field("RecurDataRef", Kind.REF, read_only=True),
        Field("TxnSource", read_only=True),
    ),
)
