"""The foreign formats by the name that the mapping file calls them."""

from collections.abc import Mapping

from gateway.codecs.spoken import Format
from gateway.codecs.topic.format import TOPIC
from gateway.codecs.zigbee2mqtt.format import ZIGBEE2MQTT

FORMATS: Mapping[str, Format] = {one.name: one for one in (ZIGBEE2MQTT, TOPIC)}
