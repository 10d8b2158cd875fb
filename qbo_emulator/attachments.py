"""
Files of attachables (5.9): upload, the signed address of a download, and the file behind it.

The files are kept in the SQLite file, so that a company is one thing.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

from . import errors, rules
from .books import Actor, Books, Written
from .entities import BY_NAME
from .errors import Fault
from .jsontext import NotJson, dumps, loads
from .multipart import NotMultipart, Part, parts

ATTACHABLE = BY_NAME["Attachable"]
LINK_SECONDS = 15 * 60
TYPES = {
    "ai": "application/postscript",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eps": "application/postscript",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "pdf": "application/pdf",
    "png": "image/png",
    "rtf": "application/rtf",
    "tif": "image/tiff",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "text/xml",
}


@dataclass
class Upload:
    """One file of an upload request; either part may be missing."""

    metadata: Part | None = None
    content: Part | None = None


def uploads(body: bytes, content_type: str) -> list[Upload]:
    """
    The files of a request, in the order of their numbers: file_metadata_NN and file_content_NN.

    Raises:
        Fault: 1050 where the body is no multipart/form-data, 2020 where it holds no file.
    """
    found: dict[str, Upload] = {}
    try:
        for part in parts(body, content_type):
            kind, _, number = part.name.rpartition("_")
            upload = found.setdefault(number, Upload())
            if kind == "file_metadata":
                upload.metadata = part
            elif kind == "file_content":
                upload.content = part
    except NotMultipart:
        raise errors.invalid_content_type(content_type[:100]) from None
    files = [each for _, each in sorted(found.items()) if each.metadata or each.content]
    if not files:
        raise errors.required_missing("file_content")
    return files


class Attachments:
    """The files of all companies in one store."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.store = books.store

    def add(self, realm: str, upload: Upload, actor: Actor) -> Written:
        """
        Keep one uploaded file.

        Raises:
            Fault: 6040 for metadata that is no attachable, 6041 for a file of an unknown kind or
                without content, and what any write of an attachable raises. Nothing is kept then.
        """
        sent = self._metadata(upload)
        content = upload.content
        if content is None or not content.content:
            raise errors.invalid_file("the file has no content")
        name = sent.setdefault("FileName", content.file_name)
        suffix = PurePosixPath(str(name)).suffix.removeprefix(".").lower()
        if suffix not in TYPES:
            raise errors.invalid_file(f"a file of type {suffix[:20] or 'unknown'} is not supported")
        sent.setdefault("ContentType", content.content_type or TYPES[suffix])
        sent["Size"] = len(content.content)
        with self.store.transaction():
            written = self.books.create(realm, ATTACHABLE, sent, actor)
            self.store.db.execute(  # after a restore ids are given out again
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?)",
                (realm, written.row.id, content.content),
            )
        return written

    def _metadata(self, upload: Upload) -> dict[str, Any]:
        if upload.metadata is None:
            return {}
        try:
            body = loads(upload.metadata.content)
        except (NotJson, UnicodeDecodeError):
            raise errors.invalid_metadata() from None
        if not isinstance(body, dict):
            raise errors.invalid_metadata()
        sent = rules.read_body(ATTACHABLE, body, self.books.switches)
        return {name: value for name, value in sent.items() if value is not rules.CLEARED}

    # --- Downloads ---

    def link(self, realm: str, id: str, document: dict[str, Any], base_url: str) -> str:
        """
        The address of an attachable's file, good for 15 minutes.

        Raises:
            Fault: 610 for a note, which has no file.
        """
        if "Size" not in document:
            raise errors.object_not_found()
        expires = str(int(self.books.clock.epoch()) + LINK_SECONDS)
        signature = self._sign(realm, id, expires)
        signed = urlencode({"expires": expires, "signature": signature})
        name = quote(document["FileName"], safe="")
        return f"{base_url}/files/{realm}/{id}/{name}?{signed}"

    def shown(self, realm: str, id: str, doc: str, base_url: str) -> str:
        """An attachable as reads and queries show it: with the address of its file."""
        document = loads(doc)
        if "Size" not in document or "FileName" not in document:
            return doc
        whole: dict[str, Any] = {}
        for name, value in document.items():
            if name == "Size":
                whole["TempDownloadUri"] = self.link(realm, id, document, base_url)
            whole[name] = value
        return dumps(whole)

    def open(self, realm: str, id: str, expires: str, signature: str) -> tuple[bytes, str] | None:
        """The content of a file and its type; None where the address is too old or made up."""
        is_ours = hmac.compare_digest(signature, self._sign(realm, id, expires))
        if not is_ours or float(expires) < self.books.clock.epoch():
            return None
        found = self.store.db.execute(
            "SELECT content FROM file WHERE realm = ? AND id = ?", (realm, id)
        ).fetchone()
        row = self.store.get(realm, ATTACHABLE.name, id)
        if found is None or row is None or row.gone:
            return None
        return found[0], str(loads(row.doc).get("ContentType", "application/octet-stream"))

    def _sign(self, realm: str, id: str, expires: str) -> str:
        key = self.store.setting("file_key")
        if key is None:
            key = secrets.token_hex(16)
            self.store.set_setting("file_key", key)
        text = f"{realm}/{id}/{expires}"
        return hmac.new(str(key).encode(), text.encode(), hashlib.sha256).hexdigest()


def answered(outcome: Written | Fault, time: str) -> dict[str, Any]:
    """One entry of an AttachableResponse: the object, or the fault in its place."""
    if isinstance(outcome, Fault):
        return {"Fault": outcome.body(time)["Fault"]}
    return {ATTACHABLE.name: loads(outcome.row.doc)}
