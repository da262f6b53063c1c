#!/bin/sh
# Options alone are for mongod, as in the image mongo.
case "$1" in -*) set -- mongod "$@" ;; esac
exec "$@"
