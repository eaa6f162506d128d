#!/bin/sh
# How many rows a file has, but for its header.
rows=$(($(wc -l <"$1") - 1))
echo "{\"set\":{\"rows\":$rows}}" >"$WEIR_RESULT"
