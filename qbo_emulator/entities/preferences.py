"""Preferences (4.12): one per company, in groups. A sent group is laid over the stored one."""

from .base import Entity, Field, Kind, Shape

GROUPS = (
    "AccountingInfoPrefs",
    "ProductAndServicesPrefs",
    "SalesFormsPrefs",
    "EmailMessagesPrefs",
    "VendorAndPurchasesPrefs",
    "TimeTrackingPrefs",
    "TaxPrefs",
    "CurrencyPrefs",
    "ReportPrefs",
    "OtherPrefs",
)

PREFERENCES = Entity(
    name="Preferences",
    shape=Shape.SINGLE,
    noun="preferences",
    can_create=False,
    sends_events=("Update",),
    fields=tuple(Field(group, Kind.OBJECT, keeps=True) for group in GROUPS),
)
