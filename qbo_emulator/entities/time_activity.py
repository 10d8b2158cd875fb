"""TimeActivity: time that an employee or a vendor worked. Not posted, not in CDC (5.8)."""

from ..transactions import times
from .base import Entity, Field, Kind, Shape
from .purchase_form import BILLABLE
from .sales_form import DATE

TIME_ACTIVITY = Entity(
    name="TimeActivity",
    shape=Shape.TRANSACTION,
    noun="time activity",
    required=("NameOf",),
    party="CustomerRef",
    party_entity="Customer",
    settle=times.settle,
    in_cdc=False,
    sends_events=("Create", "Update", "Delete"),
    fields=(
        DATE,
        Field("NameOf", choices=("Employee", "Vendor"), keeps=True),
        Field("EmployeeRef", Kind.REF, refers_to="Employee", shows_name=True, filters=True),
        Field("VendorRef", Kind.REF, refers_to="Vendor", shows_name=True, filters=True),
        Field("CustomerRef", Kind.REF, refers_to="Customer", shows_name=True, filters=True),
        Field("ItemRef", Kind.REF, refers_to="Item", shows_name=True, filters=True),
        Field("ClassRef", Kind.REF, refers_to="Class", shows_name=True),
        Field("DepartmentRef", Kind.REF, refers_to="Department", shows_name=True),
        Field("ProjectRef", Kind.REF, refers_to="Customer", filters=True),
        Field("PayrollItemRef", Kind.REF, read_only=True),
        Field("BillableStatus", choices=BILLABLE, filters=True),
        Field("Taxable", Kind.BOOL, default=False),
        Field("HourlyRate", Kind.DECIMAL, low=0),
        Field("CostRate", Kind.DECIMAL, low=0),
        Field("Hours", Kind.INTEGER, low=0, high=8760),
        Field("Minutes", Kind.INTEGER, low=0, high=59),
        Field("BreakHours", Kind.INTEGER, low=0, high=8760),
        Field("BreakMinutes", Kind.INTEGER, low=0, high=59),
        Field("StartTime", limit=35),
        Field("EndTime", limit=35),
        Field("Description", limit=4000),
        Field("TransactionLocationType", limit=50, read_only=True),
        Field("RecurDataRef", Kind.REF, read_only=True),
        Field("TxnSource", read_only=True),
        Field("AttachableRef", Kind.LIST, read_only=True),
    ),
)
