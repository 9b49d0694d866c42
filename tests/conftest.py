"""What all tests share: properties are judged by what they find, never by how long they took."""

from hypothesis import settings

settings.register_profile("house", parent=settings(), deadline=None)
settings.load_profile("house")
