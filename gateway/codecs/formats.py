"""The foreign formats by the name that the mapping file calls them."""

from collections.abc import Mapping

from gateway.codecs.chirpstack.format import CHIRPSTACK
from gateway.codecs.frigate.format import FRIGATE
from gateway.codecs.shelly.format import SHELLY
from gateway.codecs.sparkplug.format import SPARKPLUG
from gateway.codecs.spoken import Format
from gateway.codecs.tasmota.format import TASMOTA
from gateway.codecs.thingsboard.format import THINGSBOARD
from gateway.codecs.topic.format import TOPIC
from gateway.codecs.zigbee2mqtt.format import ZIGBEE2MQTT

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        SPARKPLUG,
        ZIGBEE2MQTT,
        TASMOTA,
        SHELLY,
        FRIGATE,
        CHIRPSTACK,
        THINGSBOARD,
        TOPIC,
    )
}
