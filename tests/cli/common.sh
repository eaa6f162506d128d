# SPDX-License-Identifier: Apache-2.0
# Sourced by the cases: $weir the command, $root the sources, $work an empty folder of one's own.
set -eu
weir=$1 root=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
export XDG_CACHE_HOME="$work/cache"

# A module that the sanitizers should see is built with them too.
if [ -n "${WEIR_SANITIZE:-}" ]; then
    printf '#!/bin/sh\nexec %s -fsanitize=%s "$@"\n' "$CC" "$WEIR_SANITIZE" >"$work/cc"
    chmod +x "$work/cc"
    export CC="$work/cc"
fi

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect_code CODE COMMAND...: its output is left in $work/out and $work/err.
expect_code() {
    want=$1
    shift
    code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" = "$want" ] || {
        cat "$work/err" >&2
        fail "exit code $code, expected $want: $*"
    }
}

expect_text() {
    grep -qF -- "$2" "$1" || {
        cat "$1" >&2
        fail "$1 does not say: $2"
    }
}

escape=$(printf '\033')

# on_terminal COMMAND...: what a person sees, in the file `seen`; $terminal is its kind.
on_terminal() {
    TERM=${terminal:-xterm} python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$@" >seen 2>&1 \
        </dev/null || true
}
