"""Rules as people edit them: who changed what, why, on what evidence, and the way back."""
