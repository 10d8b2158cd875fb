"""How long an edit takes to the other side, both up: 100 each way, one after another."""

from __future__ import annotations

from typing import Any

from bench.stage import Stage, quantile, say, stage, wait_for

EDITS = 100


def main(stage_: Stage) -> None:
    from django.utils import timezone

    from contacts import services
    from contacts.models import Contact
    from integrations.models import Link
    from tests.factories import connect, make_actor, make_firm

    firm = make_firm()
    actor = make_actor(firm)
    connect(firm, stage_.emulator.url)
    stage_.start_web_and_worker(int(stage_.environment["PORT"]))
    contacts = [
        services.create_contact(
            actor=actor, values={"display_name": f"Edited {number}"}, now=timezone.now()
        )
        for number in range(EDITS)
    ]
    linked = Link.objects.filter(state="linked", remote_id__isnull=False, wake_at=None)
    took = wait_for(lambda: linked.count() == EDITS, "the first hundred", seconds=60)
    say(f"{EDITS} new contacts are in QuickBooks after {took:.1f} s")
    remote_ids = dict(linked.values_list("local_id", "remote_id"))

    def edit_here(contact: Contact) -> float:
        contact.refresh_from_db()
        phone = f"555-{contact.pk:04}"
        services.update_contact(
            actor=actor,
            contact=contact,
            version=contact.version,
            changes={"phone": phone},
            now=timezone.now(),
        )
        customer = remote_ids[contact.pk]
        return wait_for(
            lambda: _phone(stage_.emulator.customer(customer)) == phone, "an edit to arrive there"
        )

    def edit_there(contact: Contact) -> float:
        email = f"person{contact.pk}@example.test"
        stage_.emulator.edit(remote_ids[contact.pk], PrimaryEmailAddr={"Address": email})
        return wait_for(
            lambda: Contact.objects.filter(pk=contact.pk, email=email).exists(),
            "an edit to arrive here",
        )

    _print("here -> there", [edit_here(each) for each in contacts])
    _print("there -> here", [edit_there(each) for each in contacts])


def _phone(customer: dict[str, Any]) -> str:
    return str(customer.get("PrimaryPhone", {}).get("FreeFormNumber", ""))


def _print(way: str, seconds: list[float]) -> None:
    say(
        f"{way}: median {quantile(seconds, 0.5):.2f} s, p95 {quantile(seconds, 0.95):.2f} s, "
        f"slowest {max(seconds):.2f} s over {len(seconds)} edits (must: p95 <= 2 s)"
    )


if __name__ == "__main__":
    with stage(company="empty") as running:
        main(running)
