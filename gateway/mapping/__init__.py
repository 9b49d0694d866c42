"""Which foreign device and field is which equipment and point, and what follows from that."""
