# SPDX-License-Identifier: Apache-2.0
# examples/unix: messages of another process fire; a broken one is a dead letter; SIGTERM drains.
. "$(dirname "$0")/common.sh"
cp "$root"/examples/unix/* "$work"
cd "$work"

# wait_for CONDITION...: until it holds, for at most 20 seconds.
wait_for() {
    for _ in $(seq 400); do
        ! "$@" || return 0
        kill -0 "$pid" 2>/dev/null || fail "weir has ended: $(cat err)"
        sleep 0.05
    done
    fail "never came true: $*"
}
has_lines() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}

"$weir" run ticks.weir.yaml >out 2>err &
pid=$!
wait_for test -S ticks.sock
python3 send.py "$work/ticks.sock"
wait_for has_lines out 3
wait_for has_lines broken.jsonl 1
kill -TERM "$pid"
wait "$pid" || fail "exit code $? after SIGTERM: $(cat err)"
printf '%s\n' '{"symbol":"ABC","mid":100}' '{"symbol":"XYZ","mid":20.375}' '{"symbol":"ABC","mid":100.25}' |
    diff - out || fail "the results differ"
expect_text err "source quotes: 4 received = 3 fired + 0 kept + 0 filtered + 0 collapsed + 0 dropped + 1 dead + 0 waiting"
expect_text broken.jsonl '"reason":"bid: expected a number, found text'
[ ! -e ticks.sock ] || fail "the socket's file is still there"
