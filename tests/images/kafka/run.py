#!/usr/bin/env python3
"""Starts Kafka as the image apache/kafka does: KAFKA_* becomes server.properties, an empty store is formatted."""

import os
import subprocess
from collections.abc import Mapping

KAFKA = "/opt/kafka"
SETTINGS = f"{KAFKA}/config/server.properties"
CLUSTER_ID = "5L6g3nShT-eMCtK--X86sw"
NOT_OF_THE_BROKER = {
    "KAFKA_VERSION",
    "KAFKA_HEAP_OPTS",
    "KAFKA_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
}


def property_name(variable: str) -> str:
    """KAFKA_LOG_DIRS → log.dirs; two underscores stand for one, three for a hyphen."""
    name = variable.removeprefix("KAFKA_").lower()
    return name.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


def settings(environ: Mapping[str, str]) -> str:
    """server.properties, a line for each variable that speaks of the broker."""
    ours = {name: text for name, text in environ.items() if name.startswith("KAFKA_") and name not in NOT_OF_THE_BROKER}
    return "".join(f"{property_name(name)}={text}\n" for name, text in sorted(ours.items()))


def main() -> None:
    """Becomes the broker."""
    os.makedirs(os.path.dirname(SETTINGS), exist_ok=True)
    with open(SETTINGS, "w") as file:
        file.write(settings(os.environ))
    cluster = os.environ.get("CLUSTER_ID", CLUSTER_ID)
    subprocess.run(
        [f"{KAFKA}/bin/kafka-storage.sh", "format", "--ignore-formatted", f"--cluster-id={cluster}", "-c", SETTINGS],
        check=True,
    )
    start = f"{KAFKA}/bin/kafka-server-start.sh"
    os.execv(start, [start, SETTINGS])


if __name__ == "__main__":
    main()
