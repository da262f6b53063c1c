#!/bin/sh
# The class and its arguments, in the Java that the KAFKA_* variables ask for; those may hold several words each.
exec java ${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseG1GC -XX:+ExitOnOutOfMemoryError} \
  ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/opt/kafka/log4j2.properties} $KAFKA_OPTS -cp '/opt/kafka/libs/*' "$@"
