"""Which task runs when. Installed by `manage.py install_schedules`, as often as one likes."""

from __future__ import annotations

from django_q.models import Schedule

# name -> (task, minutes between runs)
SCHEDULES = {
    "sweep": ("integrations.tasks.sweep", 1),
    "probe_unavailable": ("integrations.tasks.probe_unavailable", 60),
    "reread_companies": ("integrations.tasks.reread_companies", 24 * 60),
    "compare_tonight": ("integrations.tasks.compare_tonight", 10),
    "tidy": ("integrations.tasks.tidy", 24 * 60),
}


def install() -> int:
    """Make the schedules what this file says; return how many there are."""
    for name, (task, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": task,
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
    return len(SCHEDULES)
