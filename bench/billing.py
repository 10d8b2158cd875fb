"""How long a new invoice with its new contact and service item takes to be in QuickBooks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bench.stage import Stage, quantile, say, stage, wait_for

INVOICES = 60


def main(stage_: Stage) -> None:
    from django.utils import timezone

    from billing.services import invoices, service_items
    from contacts import services as contacts
    from integrations.models import Link
    from tests.factories import connect, make_actor, make_firm
    from tests.world import DEFAULTS, LISTS

    firm = make_firm()
    actor = make_actor(firm)
    now = timezone.now()
    connect(
        firm,
        stage_.emulator.url,
        billing_started_at=now,
        billing_synced_at=now,
        defaults=DEFAULTS,
        company_facts={"lists": LISTS, "preferences": {}},
    )
    stage_.start_web_and_worker(int(stage_.environment["PORT"]))

    def bill(number: int) -> float:
        """Seconds from the commit of the invoice until it is linked with the one there."""
        contact = contacts.create_contact(
            actor=actor, values={"display_name": f"Billed {number}"}, now=timezone.now()
        )
        item = service_items.create_service_item(
            actor=actor, values={"name": f"Service {number}"}, now=timezone.now()
        )
        line = invoices.LineInput(
            service_item_id=item.pk, quantity=Decimal(4), rate=Decimal("75.125")
        )
        draft = invoices.create_draft(
            actor=actor,
            values={
                "contact_id": contact.pk,
                "issued_on": date(2026, 11, 20),
                "term_days": 30,
                "due_on": date(2026, 12, 20),
                "lines": [line],
            },
            now=timezone.now(),
        )
        invoices.mark_as_sent(actor=actor, invoice=draft, now=timezone.now())
        linked = Link.objects.filter(
            entity="invoice", local_id=draft.pk, remote_id__isnull=False, state="linked"
        )
        return wait_for(linked.exists, "an invoice to arrive there")

    bill(0)  # the worker's first drain opens its connections
    seconds = [bill(number) for number in range(1, INVOICES + 1)]
    say(
        f"new invoice with new contact and item: median {quantile(seconds, 0.5):.2f} s, "
        f"p95 {quantile(seconds, 0.95):.2f} s, slowest {max(seconds):.2f} s "
        f"over {len(seconds)} (must: p95 <= 2 s)"
    )
    made = stage_.emulator.counts()["creates"]
    say(f"made there: {made}")


if __name__ == "__main__":
    with stage(company="sample") as running:
        main(running)
