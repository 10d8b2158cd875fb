"""Numbers of sales forms: section 4.6.4 of the API reference."""

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import CHECKING, form, invoice, preferences, ref

SHARED = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt")


def test_four_kinds_share_a_counter_and_estimates_have_their_own_4_6_4(qbo: Quick) -> None:
    more = {"RefundReceipt": {"DepositToAccountRef": ref(CHECKING)}}
    made = [qbo.create(kind, **form(**more.get(kind, {}))) for kind in SHARED]

    assert [each["DocNumber"] for each in made] == ["1038", "1039", "1040", "1041"]
    assert qbo.create("Estimate", **form())["DocNumber"] == "1002"


def test_a_number_sent_while_off_is_kept_and_moves_nothing_4_6_4(qbo: Quick) -> None:
    assert invoice(qbo, DocNumber="1039")["DocNumber"] == "1039"
    assert invoice(qbo)["DocNumber"] == "1038"
    assert invoice(qbo)["DocNumber"] == "1039"  # the duplicate that comes of it
    qbo.switch(number_sent_when_off="ignore")
    assert invoice(qbo, DocNumber="X-1")["DocNumber"] == "1040"


@pytest.mark.parametrize(("is_on", "reading"), [(True, "reference"), (False, "reversed")])
def test_own_numbers_are_stored_or_stay_empty_4_6_4(qbo: Quick, is_on: bool, reading: str) -> None:
    preferences(qbo, "SalesFormsPrefs", CustomTxnNumbers=is_on)
    qbo.switch(custom_numbers_reading=reading)

    assert invoice(qbo, DocNumber="A-7")["DocNumber"] == "A-7"
    assert "DocNumber" not in invoice(qbo)


def test_a_taken_number_is_6140_with_who_has_it_4_6_4(qbo: Quick) -> None:
    error = fault(qbo.post(form(DocNumber="1003"), "Invoice"))

    assert error["code"] == "6140"
    assert error["Detail"].endswith(
        "DocNumber=1003 is assigned to TxnType=Sales Receipt with TxnId=11"
    )


def test_a_taken_number_can_be_allowed_4_6_4(qbo: Quick) -> None:
    answer = qbo.post(form(DocNumber="1037"), "Invoice", include="allowduplicatedocnum")
    assert answer.json()["Invoice"]["DocNumber"] == "1037"
    qbo.switch(duplicate_numbers_refused=False)
    assert invoice(qbo, DocNumber="1037")["DocNumber"] == "1037"


def test_a_taken_number_is_refused_in_an_update_and_its_own_is_not_4_6_4(qbo: Quick) -> None:
    made = invoice(qbo)

    assert fault(qbo.update(made, "Invoice", DocNumber="1037"))["code"] == "6140"
    assert qbo.update(made, "Invoice", DocNumber="1038", PrivateNote="x").status_code == 200


def test_the_number_of_a_deleted_form_is_free_and_of_a_voided_one_is_not_4_6_4(qbo: Quick) -> None:
    gone, void = invoice(qbo), invoice(qbo)
    for operation, each in (("delete", gone), ("void", void)):
        head = {"Id": each["Id"], "SyncToken": "0"}
        qbo.api("POST", "invoice", params={"operation": operation}, json=head)

    assert invoice(qbo, DocNumber=gone["DocNumber"])["DocNumber"] == gone["DocNumber"]
    assert fault(qbo.post(form(DocNumber=void["DocNumber"]), "Invoice"))["code"] == "6140"


def test_21_characters_fit_and_22_do_not_4_6_4(qbo: Quick) -> None:
    assert invoice(qbo, DocNumber="N" * 21)["DocNumber"] == "N" * 21
    error = fault(qbo.post(form(DocNumber="N" * 22), "Invoice"))
    assert error["code"] == "2050"
    assert error["Detail"].endswith("Min:0 Max:21 supported. Supplied length:22")


def test_estimates_may_share_a_number_4_6_4(qbo: Quick) -> None:
    assert qbo.create("Estimate", **form(DocNumber="1001"))["DocNumber"] == "1001"


def test_a_number_typed_at_the_desk_moves_the_counter_4_6_4(qbo: Quick) -> None:
    made = invoice(qbo)
    qbo.act("update", made["Id"], entity="Invoice", fields={"DocNumber": "2000"})

    assert invoice(qbo)["DocNumber"] == "2001"
