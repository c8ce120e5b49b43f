"""Celery's settings; each unusual one says what breaks without it.

The broker's address comes from the settings (``shared/queue.py``), so that nothing here reads
the environment.
"""

from kombu import Queue

from shared.pipeline import QUEUES, STEPS

# --- What is in a message, and what is never in Redis -------------------------------------------
# Only JSON, only ids (workers/base.py refuses the rest). Without it a pickle in the queue runs code.
task_serializer = "json"
accept_content = ["json"]
# No result backend: results would lie in Redis for a day, and with Redis away a publish blocks for
# 19 s and raises something that is not an OperationalError.
result_backend = None
task_ignore_result = True
task_store_errors_even_if_ignored = False

# --- Where messages go --------------------------------------------------------------------------
# Plain queues by name, no exchange, routing key or priority: the anonymous exchange survives a
# FLUSHALL; anything else is silently discarded after one, because its binding is gone.
task_queues = [Queue(name, exchange="", routing_key=name) for name in QUEUES]
task_routes = {step.task: {"queue": step.queue} for step in STEPS.values()}
task_create_missing_queues = False

# --- How a worker takes messages ----------------------------------------------------------------
# Late acknowledgement gives work back at once when a worker is stopped or its child is killed.
# Correctness does not rest on it: the lease in Postgres does.
task_acks_late = True
task_reject_on_worker_lost = True
# The queues are looked into in the order in which the worker names them, the urgent one first; the
# default goes round, and what a person waits for would come after an hour of transcription.
# (broker_transport_options["queue_order_strategy"], below.)
# One message at a time: otherwise short work waits, unseen, behind an hour of transcription, and
# is delivered again and again once it is older than the visibility timeout.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True
# Workers are N processes of concurrency 1: with more, Celery 5.7.0 dies when Redis restarts under
# it and can hang for ever on shutdown.
worker_concurrency = 1
worker_max_tasks_per_child = 200  # a backstop against leaks in native code

# --- Time ---------------------------------------------------------------------------------------
# The hard limit ends a hung task that a heartbeat would keep alive; the lease's deadline is the
# same, so that another worker may take over at that moment.
task_annotations = {step.task: {"time_limit": step.limit_seconds + 30} for step in STEPS.values()}
# A stopped worker gives long work back after this many seconds instead of finishing it
# (REMAP_SIGTERM=SIGQUIT in the Procfile starts it).
worker_soft_shutdown_timeout = 5
# Events are sent for Flower only, and cost nearly half of the (negligible) broker work.
worker_send_task_events = True
task_send_sent_event = False

# --- Redis comes and goes -----------------------------------------------------------------------
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # workers outlive any outage
broker_pool_acquire_timeout = 2  # the default waits for ever
broker_transport_options = {
    # Longer than the longest step: shorter, and a running task is delivered again beside itself.
    "visibility_timeout": 2 * max(step.limit_seconds for step in STEPS.values()),
    "queue_order_strategy": "priority",
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,  # the default adds up to 100 s to every redelivery
    "unacked_mutex_expire": 30,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,  # must exceed the 1 s of BRPOP; without it a hung Redis hangs us for ever
    "socket_keepalive": True,
    "health_check_interval": 25,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
task_publish_retry_policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}

# --- What is written down -----------------------------------------------------------------------
# Our own base task logs ids and codes. Celery's own lines would print results and error texts.
worker_hijack_root_logger = False
worker_redirect_stdouts = False
