"""The webhook channel: signed notifications to another system's address."""

from alerts.channels.webhook.channel import Webhook
from alerts.channels.webhook.signature import sign, verify

__all__ = ["Webhook", "sign", "verify"]
