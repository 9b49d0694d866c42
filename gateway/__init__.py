"""The MQTT edge: sessions, topics, codecs, dead letters. It knows the journal only as a sink."""
