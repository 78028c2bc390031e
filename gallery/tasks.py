"""What workers do: find the row by its id, call a verb."""

from django_tasks import task

from . import tagging
from .models import TaggingRun


@task()
def perform_tagging_run(run_id: int) -> None:
    if run := TaggingRun.objects.filter(pk=run_id).first():
        tagging.perform(run)
