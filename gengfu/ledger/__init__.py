"""The ledger (设备台账): places, equipment, parts, their relations, and the equipment classes."""
