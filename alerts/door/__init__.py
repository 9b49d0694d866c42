"""The door between desk and core: people's steps go in, hints of changes come out.

A unix socket in the data folder, for processes of the same user only; frames are JSON, one a line.
"""

from alerts.door.client import CoreClient, CoreHasNoRoom, CoreUnavailable
from alerts.door.server import Door

__all__ = ["CoreClient", "CoreHasNoRoom", "CoreUnavailable", "Door"]
