"""An edge node by pysparkplug, in an environment of its own: it shares no code with our reader.

Run as ``python sparkplug_edge.py PORT``; it obeys the words on its standard input and says ``done``
after each. At ``asked`` it waits for a command and prints all it was given.
"""

import sys
import threading

import pysparkplug as psp  # type: ignore[import-not-found]


def metric(name: str, datatype: object, value: object) -> object:
    return psp.Metric(
        timestamp=psp.get_current_timestamp(), name=name, datatype=datatype, value=value
    )


def main() -> None:
    port = int(sys.argv[1])
    asked: list[str] = []
    was_asked = threading.Event()

    def note(_node: object, message: psp.Message) -> None:
        asked.extend(one.name for one in message.payload.metrics)
        was_asked.set()

    node = psp.EdgeNode(
        "Plant",
        "edge-1",
        [metric("mains", psp.DataType.BOOLEAN, True), metric("volts", psp.DataType.FLOAT, 12.5)],
        cmd_callback=note,
    )
    node.register(
        psp.Device(
            "pump",
            [
                metric("run", psp.DataType.BOOLEAN, True),
                metric("temp", psp.DataType.INT16, -7),
                metric("pressure", psp.DataType.DOUBLE, 0.412),
                metric("mode", psp.DataType.STRING, "hand"),
            ],
        )
    )
    for line in sys.stdin:
        word = line.strip()
        if word == "connect":
            node.connect("127.0.0.1", port=port)
        elif word == "update":
            node.update_device("pump", [metric("pressure", psp.DataType.DOUBLE, 0.5)])
            node.update([metric("volts", psp.DataType.FLOAT, 11.75)])
        elif word == "leave":
            node.disconnect()
        elif word == "asked":
            was_asked.wait(15)
            print("\n".join(asked), flush=True)
        print("done", flush=True)


if __name__ == "__main__":
    main()
