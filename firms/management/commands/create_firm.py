"""manage.py create_firm: the operator makes a firm with its first admin."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from firms import services
from firms.models import BillingPlan, Licence


class Command(BaseCommand):
    help = "Make a firm and its first admin, who is mailed a link to choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help='name of the firm, "Alder & Finch Accounting"')
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", required=True)
        parser.add_argument("--time-zone", default="America/New_York")
        parser.add_argument("--home-currency", default="USD")
        parser.add_argument("--plan", choices=BillingPlan.values, default=BillingPlan.PAID)
        parser.add_argument(
            "--licence", action="append", choices=Licence.values, help="may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            firm = services.create_firm(
                name=options["name"],
                admin_email=options["admin_email"],
                admin_name=options["admin_name"],
                time_zone=options["time_zone"],
                home_currency=options["home_currency"],
                billing_plan=options["plan"],
                licences=options["licence"] or [Licence.TIME_AND_BILLING],
                now=timezone.now(),
            )
        except services.FirmError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Firm {firm.pk}, {firm}. A link is on its way to the admin.")
