"""What rules remember and decide: one deterministic step after the other, and what is known between them."""
