"""What the compose file needs beside the services: the broker's configuration, the first steps."""
