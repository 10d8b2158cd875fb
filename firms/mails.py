"""What we mail about people and firms."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from firms.models import Firm, User


def send_invitation(*, user: User, firm: Firm, by: str) -> None:
    """Ask somebody new to choose a password. The link works once, for PASSWORD_RESET_TIMEOUT."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])
    send_mail(
        f"Join {one_line(firm.name)} on Canopy Sync",
        f"Hello {user},\n\n{by} invites you to {firm} on Canopy Sync.\n"
        f"Choose a password here, within three days:\n\n{settings.BASE_URL}{path}\n\n"
        f"You sign in with {user.email}.\n",
        None,
        [user.email],
    )


def send_welcome(*, user: User, firm: Firm, by: str) -> None:
    """Tell somebody who has an account already that another firm took them in."""
    send_mail(
        f"You are now in {one_line(firm.name)} on Canopy Sync",
        f"Hello {user},\n\n{by} added you to {firm}. Sign in as always, then choose the firm in "
        f"the menu with your name:\n\n{settings.BASE_URL}/sign-in/\n",
        None,
        [user.email],
    )


def one_line(text: str) -> str:
    """Text that is safe in a mail's subject."""
    return " ".join(text.split())[:150]
