"""Tags of the integration pages: times, durations, small drawings. `{% load books %}`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.template import Library
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from integrations.models import Activity
from integrations.web import cards

register = Library()

SPARK_WIDTH, SPARK_HEIGHT = 200, 28


def ago_words(moment: datetime, now: datetime) -> str:
    """How long ago, in the words of the pages: "just now", "38 s ago", "2 min ago"."""
    passed = now - moment
    if passed < timedelta(seconds=5):
        return "just now"
    if passed < timedelta(minutes=1):
        return f"{passed.seconds} s ago"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60} min ago"
    if passed < timedelta(days=1):
        hours = passed.seconds // 3600
        return f"{hours} hour{'' if hours == 1 else 's'} ago"
    if passed < timedelta(days=7):
        return f"{passed.days} day{'' if passed.days == 1 else 's'} ago"
    return date_format(timezone.localtime(moment), "M j, Y")


def span_words(length: timedelta) -> str:
    """A length of time in one unit: "4 s", "3 min", "2 h", "5 days"."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600} h"
    days = seconds // 86_400
    return f"{days} day{'' if days == 1 else 's'}"


@register.filter
def ago(moment: datetime | None) -> SafeString:
    if moment is None:
        return mark_safe("never")
    return _time(moment, ago_words(moment, timezone.now()), full=True)


@register.filter
def until(moment: datetime | None) -> str:
    """How long until then: "in 3 min", or "now" where it has come."""
    if moment is None:
        return ""
    left = moment - timezone.now()
    return f"in {span_words(left)}" if left > timedelta(seconds=1) else "now"


@register.filter
def clock(moment: datetime | None) -> SafeString:
    """The time of day to the second; with the date in front if it was not today."""
    if moment is None:
        return mark_safe("never")
    here = timezone.localtime(moment)
    is_today = here.date() == timezone.localdate()
    words = f"{here:%H:%M:%S}" if is_today else f"{date_format(here, 'M j')}, {here:%H:%M}"
    return _time(moment, words, full=True)


@register.filter
def day(moment: datetime | None) -> SafeString:
    """The date; with the year if it is not this one."""
    if moment is None:
        return mark_safe("never")
    here = timezone.localtime(moment)
    words = date_format(here, "M j" if here.year == timezone.localdate().year else "M j, Y")
    return _time(moment, words, full=True)


def _time(moment: datetime, words: str, *, full: bool) -> SafeString:
    title = date_format(timezone.localtime(moment), "M j, Y, H:i:s") if full else ""
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), title, words)


@register.filter
def took(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


@register.simple_tag
def spark(bars: Sequence[int], label: str, cap: int = 0) -> SafeString:
    """
    Bars in a row, the last three solid; with a dashed line at `cap` if there is one.

    `label` says the numbers in words.
    """
    top = max([*bars, cap, 1])
    step = SPARK_WIDTH / max(len(bars), 1)
    rows = (
        (
            f"{index * step + 0.5:.1f}",
            f"{SPARK_HEIGHT - 2 - (height := bar / top * (SPARK_HEIGHT - 4)):.1f}",
            f"{step - 1.5:.1f}",
            f"{height:.1f}",
            "1" if index >= len(bars) - 3 else "0.42",
        )
        for index, bar in enumerate(bars)
    )
    drawn = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="currentColor" opacity="{}"/>',
        rows,
    )
    line = ""
    if cap:
        y = f"{SPARK_HEIGHT - 2 - cap / top * (SPARK_HEIGHT - 4):.1f}"
        line = format_html(
            '<line class="cap" x1="0" x2="200" y1="{0}" y2="{0}" stroke-width="1.5"/>', y
        )
    return format_html(
        '<svg class="spark" viewBox="0 0 200 28" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}{}</svg>',
        label,
        drawn,
        line,
    )


@register.filter
def noun(entity: str) -> str:
    """What a record of this entity is called: "Contact"."""
    return cards.noun(entity)


@register.simple_tag
def record_link(entry: Activity) -> SafeString:
    """The name of the record an entry tells of, as a link where we have a page for it."""
    url = cards.record_url(entry.entity, entry.local_id)
    if not url:
        return format_html("<b><bdi>{}</bdi></b>", entry.label)
    return format_html('<a class="strong" href="{}"><bdi>{}</bdi></a>', url, entry.label)
