#!/bin/sh
# What kind of day it was.
echo "{\"set\":{\"kind\":\"$1\"}}" >"$WEIR_RESULT"
