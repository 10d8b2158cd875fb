"""The requests of the API, and what is none (2.1)."""

import pytest

from .buying import pay_bill
from .conftest import Quick, fault
from .sales import form, paying

INVOICE = {
    "CustomerRef": {"value": "6"},
    "Line": [{"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}],
    "BillEmail": {"Address": "a@b.test"},
}
SENT = {"Content-Type": "application/octet-stream"}


def test_every_request_of_the_table_is_answered_2_1(qbo: Quick) -> None:
    made = qbo.create("Invoice", **INVOICE)
    at, head = f"invoice/{made['Id']}", {"Id": made["Id"], "SyncToken": made["SyncToken"]}
    note = qbo.create("Attachable", Note="a note")
    file = {"file_metadata_01": (None, '{"FileName":"a.pdf"}', "application/json"),
            "file_content_01": ("a.pdf", b"%PDF", "application/pdf")}  # fmt: skip
    rate = {"TaxRateName": "R", "RateValue": "5", "TaxAgencyId": "1"}
    batch = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}

    answers = [
        qbo.api("GET", at),
        qbo.api("GET", "query?query=select * from Term"),
        qbo.ask("select * from Term"),
        qbo.api("POST", f"{at}/send?sendTo=c%40d.test", headers=SENT),
        qbo.api("GET", f"{at}/pdf", headers={"Accept": "application/pdf"}),
        qbo.post(batch, "batch"),
        qbo.api("GET", "cdc?entities=Customer,Invoice&changedSince=2026-01-01"),
        qbo.api("POST", "upload", files=file),
        qbo.api("GET", "reports/ProfitAndLoss?start_date=2026-01-01"),
        qbo.api("GET", f"companyinfo/{qbo.realm}"),
        qbo.api("GET", "preferences"),
        qbo.post({"TaxCode": "T", "TaxRateDetails": [rate]}, "taxservice/taxcode"),
        qbo.api("POST", "invoice?operation=void", json={**head, "SyncToken": "1"}),
        qbo.api("POST", "invoice?operation=delete", json={**head, "SyncToken": "2"}),
        qbo.api("POST", "attachable?operation=delete", json=note),
    ]

    assert [each.status_code for each in answers] == [200] * len(answers), [
        each.text[:300] for each in answers if each.status_code != 200
    ]
    upload = next(each for each in answers if "AttachableResponse" in each.text)
    id = upload.json()["AttachableResponse"][0]["Attachable"]["Id"]
    assert qbo.api("GET", f"download/{id}").status_code == 200


@pytest.mark.parametrize("entity", ["Payment", "SalesReceipt", "BillPayment"])
def test_only_an_invoice_is_voided_by_operation_void_2_1(qbo: Quick, entity: str) -> None:
    bodies = {
        "Payment": paying(10),
        "SalesReceipt": form(),
        "BillPayment": pay_bill(10),
    }
    made = qbo.create(entity, **bodies[entity])
    head = {"Id": made["Id"], "SyncToken": "0", "sparse": True}

    wrong = qbo.api("POST", f"{entity.lower()}?operation=void", json=head)
    assert fault(wrong)["code"] == "500"

    right = qbo.api("POST", f"{entity.lower()}?operation=update&include=void", json=head)
    assert right.json()[entity]["TotalAmt"] == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_there_is_no_other_method_2_1(qbo: Quick, method: str) -> None:
    answer = qbo.api(method, "customer/1", json={"Id": "1", "SyncToken": "0"})

    error = fault(answer)
    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert qbo.read("1")["Active"] is True


@pytest.mark.parametrize("path", ["credit_memo/1", "credit-memo/1", "customers/1", "customer"])
def test_other_spellings_are_no_address_2_1(qbo: Quick, path: str) -> None:
    error = fault(qbo.api("GET", path))

    assert error["code"] == "500"
    assert f"/company/{qbo.realm}/{path} of full path: /v3/company/" in error["Detail"]


def test_the_id_of_the_company_is_its_realm_in_the_path_and_1_in_the_answer_2_1(
    qbo: Quick,
) -> None:
    found = qbo.api("GET", f"companyinfo/{qbo.realm}").json()["CompanyInfo"]

    assert found["Id"] == "1"
    assert fault(qbo.api("GET", "companyinfo/12345"))["code"] == "610"
