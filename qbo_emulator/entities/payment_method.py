"""PaymentMethod (4.15)."""

from .base import Entity, Field, Kind, Shape

PAYMENT_METHOD = Entity(
    name="PaymentMethod",
    shape=Shape.NAME_LIST,
    noun="payment method",
    counter="payment_method",
    name_field="Name",
    name_space="payment_methods",
    required=("Name",),
    reference_kind="PaymentMethods",
    sends_events=("Create", "Update", "Merge"),
    fields=(
        Field("Name", limit=31, filters=True, sorts=True),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
        Field(
            "Type",
            default="NON_CREDIT_CARD",
            choices=("CREDIT_CARD", "NON_CREDIT_CARD"),
            keeps=True,
        ),
    ),
)
