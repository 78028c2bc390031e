"""What workers do: find the row by its id, call a verb."""

from django_tasks import task

from . import acts, tagging
from .assets import jobs, notifying
from .interests import profiles
from .models import ApiJob, BulkAct, DroppedImage, Notification, TaggingRun, TwinScan
from .similar import drops, twins


@task()
def perform_tagging_run(run_id: int) -> None:
    if run := TaggingRun.objects.filter(pk=run_id).first():
        tagging.perform(run)


@task(priority=-10)
def step_act(act_id: int) -> None:
    """Uploads go first; an act takes its next step when the queue has nothing better to do."""
    act = BulkAct.objects.filter(pk=act_id).first()
    if act and (after := acts.step(act)) is not None:
        acts.ring(act, after=after)


@task(priority=50)
def look_at_dropped_image(dropped_id: int) -> None:
    """Somebody waits for it: it goes before all else."""
    if dropped := DroppedImage.objects.filter(pk=dropped_id).first():
        drops.look(dropped)


@task(priority=10)
def look_for_twins(owner_id: int) -> None:
    if scan := TwinScan.objects.select_related("owner").filter(pk=owner_id).first():
        twins.look_through(scan)


@task()
def perform_api_job(job_id: int) -> None:
    if job := ApiJob.objects.filter(pk=job_id).first():
        jobs.perform(job)


@task()
def deliver_notification(notification_id: int) -> None:
    if notification := Notification.objects.filter(pk=notification_id).first():
        notifying.deliver(notification)


@task(priority=-5)
def work_out_interests(people: list[int]) -> None:
    for person_id in people:
        profiles.refresh(person_id)


@task(priority=-5)
def note_concerned(photo_ids: list[int]) -> None:
    """Note those whom photos of many friends concern; housekeeping counts for them."""
    profiles.note_change(profiles.concerned_by(photo_ids))
