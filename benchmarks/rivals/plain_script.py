"""What tutorials do: subscribe, ``json.loads``, ``write_api``. The loss harness kills it like us.

``--durable`` is the careful kind: QoS 1, a persistent session, an acknowledgement after the write.
It is no straw man: reconnecting is paho's, retrying the client library's, restarting its keeper's.
"""

import argparse
import json

import paho.mqtt.client as mqtt
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions
from paho.mqtt.enums import CallbackAPIVersion


def main() -> None:
    """Copy every message into InfluxDB until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--influx", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--durable", action="store_true")
    options = parser.parse_args()
    influx = InfluxDBClient(url=options.influx, token=options.token, org="gengfu")
    write_api = influx.write_api(write_options=SYNCHRONOUS if options.durable else WriteOptions())
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id="plain-script",
        clean_session=not options.durable,
        manual_ack=options.durable,
    )

    def on_connect(client: mqtt.Client, *_: object) -> None:
        client.subscribe("gf/+/+/up/#", qos=1 if options.durable else 0)

    def on_message(client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        _, site, equipment, _, kind = message.topic.split("/")
        payload = json.loads(message.payload)
        fields = payload.get("points") or {"id": payload["id"], "part": payload["part"]}
        tags = {"site": site, "equipment": equipment}
        point = Point.from_dict(
            {"measurement": kind, "tags": tags, "fields": fields, "time": payload["ts"]},
            write_precision="ms",  # type: ignore[arg-type]
        )
        write_api.write(bucket="gengfu", record=point)
        if options.durable:
            client.ack(message.mid, message.qos)

    client.on_connect = on_connect
    client.on_message = on_message
    client.connect("127.0.0.1", options.port)
    client.loop_forever()


if __name__ == "__main__":
    main()
