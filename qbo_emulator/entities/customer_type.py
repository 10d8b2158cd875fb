"""CustomerType: kinds of customers. People make them in the books, apps read them."""

from .base import Entity, Field, Kind, Shape

CUSTOMER_TYPE = Entity(
    name="CustomerType",
    shape=Shape.NAME_LIST,
    noun="customer type",
    counter="customer_type",
    name_field="Name",
    name_space="customer_types",
    required=("Name",),
    reference_kind="CustomerTypes",
    read_only=True,
    fields=(
        Field("Name", limit=100, filters=True, sorts=True),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
    ),
)
