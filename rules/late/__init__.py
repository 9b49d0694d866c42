"""Late data: what rules would have said had everything come in time. It pages nobody, ever."""
