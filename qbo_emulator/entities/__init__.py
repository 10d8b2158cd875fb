"""The entities the emulator knows, a short file each. To add one: describe it, list it here."""

from .account import ACCOUNT
from .attachable import ATTACHABLE
from .base import Entity, Field, Find, Kind, Shape
from .bill import BILL
from .bill_payment import BILL_PAYMENT
from .company_info import COMPANY_INFO
from .credit_memo import CREDIT_MEMO
from .currency import COMPANY_CURRENCY, EXCHANGE_RATE
from .customer import CUSTOMER
from .customer_type import CUSTOMER_TYPE
from .deposit import DEPOSIT
from .employee import EMPLOYEE
from .estimate import ESTIMATE
from .invoice import INVOICE
from .item import ITEM
from .journal_entry import JOURNAL_ENTRY
from .payment import PAYMENT
from .payment_method import PAYMENT_METHOD
from .preferences import PREFERENCES
from .purchase import PURCHASE
from .purchase_order import PURCHASE_ORDER
from .refund_receipt import REFUND_RECEIPT
from .sales_receipt import SALES_RECEIPT
from .tax import TAX_AGENCY, TAX_CODE, TAX_RATE
from .term import TERM
from .time_activity import TIME_ACTIVITY
from .tracking import CLASS, DEPARTMENT
from .transfer import TRANSFER
from .vendor import VENDOR
from .vendor_credit import VENDOR_CREDIT

ENTITIES: tuple[Entity, ...] = (
    CUSTOMER,
    VENDOR,
    EMPLOYEE,
    ITEM,
    ACCOUNT,
    TERM,
    PAYMENT_METHOD,
    CLASS,
    DEPARTMENT,
    CUSTOMER_TYPE,
    COMPANY_CURRENCY,
    EXCHANGE_RATE,
    TAX_CODE,
    TAX_RATE,
    TAX_AGENCY,
    INVOICE,
    PAYMENT,
    CREDIT_MEMO,
    SALES_RECEIPT,
    REFUND_RECEIPT,
    ESTIMATE,
    DEPOSIT,
    BILL,
    BILL_PAYMENT,
    VENDOR_CREDIT,
    PURCHASE,
    PURCHASE_ORDER,
    JOURNAL_ENTRY,
    TIME_ACTIVITY,
    TRANSFER,
    ATTACHABLE,
    COMPANY_INFO,
    PREFERENCES,
)
BY_NAME = {entity.name: entity for entity in ENTITIES}
BY_PATH = {entity.path: entity for entity in ENTITIES}

__all__ = ["BY_NAME", "BY_PATH", "ENTITIES", "Entity", "Field", "Find", "Kind", "Shape"]
