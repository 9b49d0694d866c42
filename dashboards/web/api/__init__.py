"""JSON for programs: the routes of ``/api/v1``, stable for outsiders."""
