#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Standard output is kept as the task's log.
cat "$WEIR_CONTEXT"
