"""Attachables: notes, files, downloads (4.18, 5.9)."""

import base64
import json
from typing import Any

import pytest
import requests

from .conftest import Quick, fault
from .test_transactions import invoice

PNG = b"\x89PNG\r\n\x1a\n\x00--x\r\nbytes of any kind\x00\xff"


def part(name: str, content: bytes, *headers: str) -> bytes:
    lines = [f'Content-Disposition: form-data; name="{name}"', *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def upload(qbo: Quick, *parts: bytes, **params: str) -> requests.Response:
    body = b"".join(b"--limit\r\n" + each + b"\r\n" for each in parts) + b"--limit--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=limit"}
    return qbo.api("POST", "upload", data=body, headers=headers, params=params)


def metadata(number: int = 1, **fields: Any) -> bytes:
    body = json.dumps(fields).encode()
    return part(f"file_metadata_{number:02}", body, "Content-Type: application/json")


def content(data: bytes = PNG, number: int = 1, name: str = "photo.png") -> bytes:
    head = f'Content-Disposition: form-data; name="file_content_{number:02}"; filename="{name}"'
    return f"{head}\r\nContent-Type: image/png\r\n\r\n".encode() + data


def entries(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["AttachableResponse"]
    return found


def linked(id: str, entity: str = "Invoice") -> list[dict[str, Any]]:
    return [{"EntityRef": {"type": entity, "value": id}}]


def test_an_upload_keeps_file_and_facts_5_9(qbo: Quick) -> None:
    made = invoice(qbo, 1)
    facts = metadata(
        FileName="photo.png", ContentType="image/png", AttachableRef=linked(made["Id"])
    )

    (entry,) = entries(upload(qbo, facts, content()))

    kept = entry["Attachable"]
    assert (kept["FileName"], kept["Size"], kept["SyncToken"]) == ("photo.png", len(PNG), "0")
    assert kept["Id"] == "5000000000000503624"
    assert kept["FileAccessUri"] == f"/v3/company/{qbo.realm}/download/{kept['Id']}"
    reference = {"value": made["Id"], "type": "Invoice"}
    assert kept["AttachableRef"] == [{"EntityRef": reference, "IncludeOnSend": False}]


def test_a_download_is_the_address_of_the_same_bytes_for_15_minutes_5_9(qbo: Quick) -> None:
    kept = entries(upload(qbo, content()))[0]["Attachable"]

    address = qbo.api("GET", f"download/{kept['Id']}").text
    file = requests.get(address, timeout=5)
    forged = requests.get(address.replace("signature=", "signature=0"), timeout=5)
    qbo.advance(15 * 60 + 1)
    late = requests.get(address, timeout=5)

    assert (file.content, file.headers["Content-Type"]) == (PNG, "image/png")
    assert (forged.status_code, late.status_code) == (403, 403)
    shown = qbo.read(kept["Id"], "Attachable")["TempDownloadUri"]
    assert requests.get(shown, timeout=5).content == PNG


def test_base64_in_a_part_is_decoded_5_9(qbo: Quick) -> None:
    encoded = base64.encodebytes(PNG)
    body = part(
        "file_content_01",
        encoded,
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
    )

    kept = entries(upload(qbo, metadata(FileName="photo.png"), body))[0]["Attachable"]

    assert kept["Size"] == len(PNG)


def test_a_failing_file_has_a_fault_in_its_place_5_9(qbo: Quick) -> None:
    bad = metadata(2, FileName="b.png", AttachableRef=linked("75", "Estimate"))

    good, failed = entries(
        upload(qbo, metadata(1, FileName="a.png"), content(), bad, content(number=2))
    )

    assert good["Attachable"]["FileName"] == "a.png"
    error = failed["Fault"]["Error"][0]
    assert error["code"] == "6000"
    assert error["Detail"] == (
        "Business Validation Error: The entity Estimate 75 that you are trying to link does not"
        " exist. Estimate 75"
    )
    assert qbo.query("select count(*) from Attachable") == {"totalCount": 1}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((metadata(FileName="virus.exe"), content()), "6041"),
        ((metadata(FileName="empty.png"), content(b"")), "6041"),
        ((metadata(FileName="nothing.png"),), "6041"),
        ((part("file_metadata_01", b"[1]"), content()), "6040"),
        ((part("file_metadata_01", b"no json"), content()), "6040"),
        ((metadata(FileName="a.png", Nonsense=1), content()), "2010"),
        ((metadata(FileName="a.png", AttachableRef=linked("1", "Term")), content()), "6050"),
    ],
)
def test_what_is_wrong_with_one_file_is_said_in_its_entry_6_3(
    qbo: Quick, parts: tuple[bytes, ...], code: str
) -> None:
    (entry,) = entries(upload(qbo, *parts))

    assert entry["Fault"]["Error"][0]["code"] == code


def test_a_body_without_parts_is_refused_as_a_whole_5_9(qbo: Quick) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=limit"}
    torn = qbo.api("POST", "upload", data=b"--limit\r\nno end", headers=headers)

    assert fault(torn)["code"] == "1050"
    assert fault(qbo.api("POST", "upload", json={}))["code"] == "1050"
    assert fault(upload(qbo))["code"] == "2020"


def test_files_may_be_larger_than_other_bodies_7_2(qbo: Quick) -> None:
    data = b"\n-" * (3 * 1024 * 1024)

    kept = entries(upload(qbo, content(data, name="big.txt")))[0]["Attachable"]

    assert kept["Size"] == len(data)
    assert requests.get(qbo.api("GET", f"download/{kept['Id']}").text, timeout=20).content == data


def test_more_than_100_mb_is_6030_7_2(qbo: Quick) -> None:
    def stream() -> Any:
        for _ in range(101):
            yield b"x" * 1024 * 1024

    headers = {"Content-Type": "multipart/form-data; boundary=limit"}
    answer = qbo.api("POST", "upload", data=stream(), headers=headers)

    assert fault(answer)["code"] == "6030"


def test_a_note_is_a_plain_create_and_has_no_download_5_9(qbo: Quick) -> None:
    note = qbo.create("Attachable", Note="Call back", AttachableRef=linked("6", "Customer"))

    assert "FileAccessUri" not in note
    assert fault(qbo.api("GET", f"download/{note['Id']}"))["code"] == "610"
    assert fault(qbo.post({"Category": "Other"}, "Attachable"))["code"] == "2020"
    assert fault(qbo.post({"Note": "n", "AttachableRef": [{}]}, "Attachable"))["code"] == "2020"
    assert fault(qbo.post({"Note": "n", "Category": "Odd"}, "Attachable"))["code"] == "2170"


def test_a_sent_list_of_links_replaces_the_whole_list_4_18(qbo: Quick) -> None:
    both = [*linked("1", "Customer"), *linked("2", "Customer")]
    note = qbo.create("Attachable", Note="n", AttachableRef=both)

    after = qbo.update(note, "Attachable", AttachableRef=linked("3", "Customer")).json()

    assert [each["EntityRef"]["value"] for each in after["Attachable"]["AttachableRef"]] == ["3"]
    assert after["Attachable"]["SyncToken"] == "1"


def test_attachments_are_found_by_what_they_are_on_4_18(qbo: Quick) -> None:
    one = invoice(qbo, 1)["Id"]
    mine = qbo.create("Attachable", Note="mine", AttachableRef=linked(one))
    crossed = [*linked("1", "Customer"), *linked(invoice(qbo, 1)["Id"])]
    qbo.create("Attachable", Note="of others", AttachableRef=crossed)

    found = qbo.query(
        "select * from Attachable where AttachableRef.EntityRef.Type = 'invoice'"
        f" and AttachableRef.EntityRef.value = '{one}'"
    )
    crosswise = qbo.query(
        "select * from attachable where attachableref.entityref.type = 'Invoice'"
        " and attachableref.entityref.value = '1'"
    )

    assert [each["Id"] for each in found["Attachable"]] == [mine["Id"]]
    assert crosswise == {}  # one entry must be both


def test_a_file_is_found_by_its_name_and_shows_its_address_3_7(qbo: Quick) -> None:
    upload(qbo, content())

    (row,) = qbo.query("select * from Attachable where FileName = 'photo.png'")["Attachable"]

    assert requests.get(row["TempDownloadUri"], timeout=5).content == PNG


def test_the_id_alone_deletes_an_attachable_5_4(qbo: Quick) -> None:
    kept = entries(upload(qbo, content()))[0]["Attachable"]
    address = qbo.api("GET", f"download/{kept['Id']}").text

    gone = qbo.post({"Id": kept["Id"]}, "Attachable", operation="delete").json()["Attachable"]

    assert gone == {"domain": "QBO", "status": "Deleted", "Id": kept["Id"]}
    assert fault(qbo.api("GET", f"attachable/{kept['Id']}"))["code"] == "610"
    assert fault(qbo.api("GET", f"download/{kept['Id']}"))["code"] == "610"
    assert requests.get(address, timeout=5).status_code == 403


def test_a_stale_token_with_the_id_is_still_5010_5_3(qbo: Quick) -> None:
    note = qbo.create("Attachable", Note="n")
    qbo.update(note, "Attachable", Note="m")

    assert fault(qbo.post(note, "Attachable", operation="delete"))["code"] == "5010"


def test_a_repeated_requestid_uploads_once_2_6(qbo: Quick) -> None:
    first = upload(qbo, content(), requestid="r1")
    again = upload(qbo, content(), requestid="r1")

    assert entries(first) == entries(again)
    assert qbo.query("select count(*) from Attachable") == {"totalCount": 1}


def test_after_a_restore_the_same_id_holds_the_new_file_9(qbo: Quick) -> None:
    before = qbo.control("GET", "clock")["now"]
    qbo.advance(60)
    first = entries(upload(qbo, content()))[0]["Attachable"]
    qbo.control("POST", "companies", {"realm_id": qbo.realm, "restore_to": before})

    again = entries(upload(qbo, content(b"other", name="other.txt")))[0]["Attachable"]

    assert again["Id"] == first["Id"]
    assert requests.get(qbo.api("GET", f"download/{again['Id']}").text, timeout=5).content == (
        b"other"
    )


TYPES = (
    *("ai", "csv", "doc", "docx", "eps", "gif", "jpeg", "jpg", "ods", "pdf", "png", "rtf", "tif"),
    *("txt", "xls", "xlsx", "xml"),
)


@pytest.mark.parametrize("kind", TYPES)
def test_files_of_these_types_are_taken_5_9(qbo: Quick, kind: str) -> None:
    name = f"file.{kind}"

    (entry,) = entries(upload(qbo, metadata(FileName=name), content(name=name)))

    assert entry["Attachable"]["FileName"] == name


def test_an_attachable_keeps_all_that_an_app_can_write_4_18(qbo: Quick) -> None:
    facts = {
        "Note": "at the pier", "Category": "Document", "Tag": "pier", "Lat": "37.5",
        "Long": "-122.4", "PlaceName": "Half Moon Bay",
    }  # fmt: skip

    made = qbo.create("Attachable", **facts, Size=7, FileAccessUri="/x", TempDownloadUri="/y")

    assert {name: made[name] for name in facts} == facts
    assert not {"Size", "FileAccessUri", "TempDownloadUri"} & set(made)
