"""The ways to reach people that the settings name; core and watchdog each open their own."""

from alerts.channels.webhook import Webhook
from alerts.settings import WebhookTarget
from gengfu.config import Settings


def webhooks(settings: Settings) -> tuple[Webhook, ...]:
    """Return the webhooks of the settings; they are entered before use."""
    return tuple(
        Webhook(
            WebhookTarget(
                name=f"webhook-{number}",
                url=hook.url,
                secret=hook.key(),
                allow_private=hook.allow_private,
            )
        )
        for number, hook in enumerate(settings.webhooks, 1)
    )
