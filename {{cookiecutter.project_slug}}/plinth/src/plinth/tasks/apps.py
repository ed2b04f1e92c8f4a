from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "plinth.tasks"
    # As in release 0.1.0, whose migrations have this label.
    label = "jobs"
