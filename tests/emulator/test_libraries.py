"""python-quickbooks and intuit-oauth, unchanged but for their addresses (11)."""

import pytest
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.account import Account
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef, EmailAddress, PhoneNumber
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.employee import Employee
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.taxagency import TaxAgency
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxrate import TaxRate
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.vendor import Vendor

from .conftest import Quick, auth_client
from .test_oauth import consent


def test_intuit_oauth_exchanges_refreshes_and_revokes(qbo: Quick) -> None:
    auth = auth_client(qbo)
    address = auth.get_authorization_url([Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL])
    assert address.startswith(f"{qbo.base_url}/connect/oauth2?")
    scope = "com.intuit.quickbooks.accounting openid email"
    found = consent(qbo, scope=scope, state=auth.state_token)

    auth.get_bearer_token(found["code"], realm_id=found["realmId"])
    assert auth.id_token  # its signature and claims were checked by the library
    first = auth.access_token
    auth.refresh()
    assert auth.access_token != first
    assert auth.get_user_info().json()["email"] == "sandbox.owner@example.test"
    assert auth.revoke() is True
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert refused.value.status_code == 400
    assert refused.value.intuit_tid


def test_objects_are_made_read_changed_and_listed(qbo: Quick, client: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = "Quist Boats"
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "nora@quist.example"
    customer.PrimaryPhone = PhoneNumber()
    customer.PrimaryPhone.FreeFormNumber = "(650) 555-0101"
    customer.save(qb=client, request_id="one")
    assert customer.Id == "58"

    again = Customer.get(58, qb=client)
    again.Notes = "changed"
    again.save(qb=client)

    after = qbo.stored("58")
    assert after["SyncToken"] == "1"
    assert after["Notes"] == "changed"
    assert after["PrimaryPhone"] == {"FreeFormNumber": "(650) 555-0101"}
    assert after["PrintOnCheckName"] == "Quist Boats"
    assert len(Customer.all(qb=client)) == 30
    assert Customer.count("Active = True", qb=client) == 30
    found = Customer.filter(DisplayName="Amy's Bird Sanctuary", qb=client)
    assert [each.Id for each in found] == ["1"]
    assert {each.Id for each in Customer.choose(["5", "6"], field="Id", qb=client)} == {"5", "6"}
    assert len(Customer.where("Active IN (true, false)", order_by="Id", qb=client)) == 30
    assert Vendor.count(qb=client) == 26
    assert len(Employee.all(qb=client)) == 2


def test_saving_what_was_read_changes_nothing(qbo: Quick, client: QuickBooks) -> None:
    before = qbo.stored("8")

    Customer.get(8, qb=client).save(qb=client)

    assert qbo.stored("8") == before


def test_refusals_become_the_exceptions_of_the_library(qbo: Quick, client: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = "Amy's Bird Sanctuary"
    with pytest.raises(QuickbooksException) as duplicate:
        customer.save(qb=client)
    assert duplicate.value.error_code == 6240

    with pytest.raises(ObjectNotFoundException):
        Customer.get(4711, qb=client)
    with pytest.raises(ValidationException) as bad_query:
        Customer.where("Nonsense = 1", qb=client)
    assert bad_query.value.error_code == 4001

    qbo.control("POST", "tokens", {"action": "expire"})
    with pytest.raises(AuthorizationException):
        Customer.get(1, qb=client)


def test_a_throttled_call_is_10000_with_429_in_its_text(qbo: Quick, client: QuickBooks) -> None:
    for kind in ("throttle", "throttle_xml"):
        qbo.arm(kind)
        with pytest.raises(QuickbooksException) as throttled:
            Customer.get(1, qb=client)
        assert throttled.value.error_code == 10000
        assert "ThrottleExceeded" in throttled.value.message


def test_changes_come_as_objects(qbo: Quick, client: QuickBooks) -> None:
    since = qbo.control("GET", "clock")["time"]
    qbo.act("update", "3", fields={"Notes": "new"})

    found = change_data_capture([Customer, Vendor], since[:19] + since[-6:], qb=client)

    assert [each.Id for each in found.Customer] == ["3"]
    assert not hasattr(found, "Vendor")


def test_company_info_is_read(client: QuickBooks, qbo: Quick) -> None:
    info = CompanyInfo.get(qbo.realm, qb=client)

    assert info.CompanyName == "Craig's Design and Landscaping Services"


def test_an_invoice_is_sent_printed_and_gets_a_file_11_3(qbo: Quick, client: QuickBooks) -> None:
    line = {"ItemRef": {"value": "6"}}
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": line}
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line])
    invoice = Invoice.get(made["Id"], qb=client)

    invoice.send(qb=client, send_to="a+b@books.test")
    printed = invoice.download_pdf(qb=client)
    attachable = Attachable()
    attachable.FileName, attachable.ContentType = "note.txt", "text/plain"
    attachable._FileBytes = b"line\r\n--line\n"
    attachable.AttachableRef = [AttachableRef()]
    attachable.AttachableRef[0].EntityRef = invoice.to_ref()
    attachable.save(qb=client)

    assert qbo.read(invoice.Id, "Invoice")["BillEmail"] == {"Address": "a+b@books.test"}
    assert printed.startswith(b"%PDF-")
    address = qbo.api("GET", f"download/{attachable.Id}").text
    assert qbo.http.get(address, timeout=5).content == b"line\r\n--line\n"
    attachable.delete(qb=client)
    report = client.get_report("AgedReceivableDetail", {"customer": "6"})
    assert report["Rows"]["Row"][-1]["group"] == "GrandTotal"


def test_a_batch_is_made_item_by_item_5_7(qbo: Quick, client: QuickBooks) -> None:
    customers = [Customer(), Customer()]
    customers[0].DisplayName = "In a batch"
    customers[1].DisplayName = "Amy's Bird Sanctuary"

    found = batch_create(customers, qb=client)

    assert [made.Id for made in found.successes] == ["58"]
    assert [each.Error[0].code for each in found.faults] == ["6240"]
    assert found.faults[0].original_object is customers[1]


def test_python_quickbooks_reads_and_saves_the_lists_11_3(client: QuickBooks) -> None:
    account = Account()
    account.Name, account.AccountType = "Harbour fees", "Income"
    account.AccountSubType = "SalesOfProductIncome"
    account.save(qb=client)
    item = Item()
    item.Name, item.Type, item.Sku = "Mooring hour", "Service", "MH-1"
    item.UnitPrice = 75.125
    item.IncomeAccountRef = account.to_ref()
    item.save(qb=client)
    again = Item.get(item.Id, qb=client)
    again.Description = "An hour at the dock"
    again.save(qb=client)

    found = {each.Name: each for each in Item.all(qb=client)}
    assert (found["Mooring hour"].Sku, found["Mooring hour"].UnitPrice) == ("MH-1", 75.125)
    assert found["Mooring hour"].IncomeAccountRef.name == "Harbour fees"
    assert found["Mooring hour"].Description == "An hour at the dock"
    for kind in (Term, PaymentMethod, TaxCode, TaxRate, TaxAgency):
        assert kind.all(qb=client), kind
    dock = Class()
    dock.Name = "North dock"
    dock.save(qb=client)
    assert Class.filter(Name="North dock", qb=client)[0].Id == dock.Id


def test_python_quickbooks_makes_a_tax_code_and_changes_preferences_11_3(
    client: QuickBooks,
) -> None:
    detail = TaxRateDetails()
    detail.TaxRateName, detail.RateValue, detail.TaxAgencyId = "Harbour", "3", "1"
    service = TaxService()
    service.TaxCode, service.TaxRateDetails = "Harbour tax", [detail]
    service.save(qb=client)

    assert TaxCode.filter(Name="Harbour tax", qb=client)[0].Id == "4"

    preferences = Preferences.get(qb=client)
    preferences.SalesFormsPrefs.CustomTxnNumbers = True
    preferences.save(qb=client)
    assert Preferences.get(qb=client).SalesFormsPrefs.CustomTxnNumbers is True
