"""python -m qbo_emulator serve | token | reset"""

import argparse
import contextlib
import json
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

from .companies import UnknownCompany, check_kind
from .emulator import FILE_NAME, Emulator
from .oauth import DEFAULT_CLIENT_ID
from .switches import UnknownSwitch


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m qbo_emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    serve = commands.add_parser("serve", help="run the emulator")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=9000, help="0 takes a free one")
    serve.add_argument("--company", default="sample", help="sample, empty, messy or bulk:N")
    serve.add_argument("--webhook-url", default=None, help="where webhooks are posted")
    serve.add_argument("--webhook-verifier", default=None, help="the key webhooks are signed with")
    serve.add_argument("--redirect-uri", action="append", help="a registered redirect address")
    serve.add_argument("--disconnect-url", help="where the app's users land who disconnect")
    serve.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")
    serve.add_argument("--die-with-parent", action="store_true")
    token = commands.add_parser("token", help="print addresses, keys and live tokens as JSON")
    token.add_argument("--realm", default=None, help="the company; without it the first")
    reset = commands.add_parser("reset", help="begin anew with a fresh company")
    reset.add_argument("--company", default=None, help="without it the kind there is")
    for command in (serve, token, reset):
        command.add_argument("--data", type=Path, required=True, help="directory of its file")

    options = parser.parse_args(arguments)
    try:
        return {"serve": _serve, "token": _token, "reset": _reset}[options.command](options)
    except (UnknownCompany, UnknownSwitch) as error:
        print(error, file=sys.stderr)
        return 2


def _serve(options: argparse.Namespace) -> int:
    from . import server
    from .app import create_app

    if options.die_with_parent:
        server.die_with_parent()
    check_kind(options.company)
    try:
        listener = server.listen(options.host, options.port)
    except server.PortTaken as error:
        print(error, file=sys.stderr)
        return 2
    emulator = Emulator(options.data)
    for pair in options.switch:
        emulator.switches.set_from_text(pair)
    emulator.ensure_company(options.company)
    emulator.base_url = f"http://{options.host}:{listener.getsockname()[1]}"
    if options.webhook_url is not None:
        emulator.set_webhook_url(options.webhook_url)
    if options.webhook_verifier:
        emulator.webhooks.verifier = options.webhook_verifier
        emulator.store.set_setting("webhook_verifier", options.webhook_verifier)
    app = emulator.oauth.app(DEFAULT_CLIENT_ID)
    if app is not None:
        uris = options.redirect_uri or app.redirect_uris
        address = app.disconnect_url if options.disconnect_url is None else options.disconnect_url
        emulator.oauth.save_app(replace(app, redirect_uris=uris, disconnect_url=address))
    server.serve(create_app(emulator), listener, emulator.base_url)
    emulator.close()
    return 0


def _token(options: argparse.Namespace) -> int:
    emulator = Emulator(options.data)
    emulator.ensure_company("sample")
    print(json.dumps(emulator.access(options.realm), indent=1))
    emulator.close()
    return 0


def _reset(options: argparse.Namespace) -> int:
    if options.company:
        check_kind(options.company)
    if not (options.data / FILE_NAME).exists():
        return 0
    emulator = Emulator(options.data)
    if not _reset_running(emulator.base_url, options.company):
        emulator.reset(options.company)
    emulator.close()
    return 0


def _reset_running(base_url: str, company: str | None) -> bool:
    """Ask the server of this file to do it, so that its memory is cleared too."""
    if not base_url:
        return False
    body = json.dumps({"company": company} if company else {}).encode()
    request = urllib.request.Request(f"{base_url}/emulator/reset", body, method="POST")
    with (
        contextlib.suppress(OSError, urllib.error.URLError),
        urllib.request.urlopen(request, timeout=10) as answer,
    ):
        return bool(answer.status == 200)
    return False


if __name__ == "__main__":
    sys.exit(main())
