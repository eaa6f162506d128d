# SPDX-License-Identifier: Apache-2.0
# What is at the other end of the command: pipes, a reader that goes, a full disk, no input.
. "$(dirname "$0")/common.sh"
cd "$work"
mkfifo held
cat >rows.weir.yaml <<'SPEC'
module: rows
types:
  Row: {id: i64, text: string(16)}
sources:
  rows: {kind: file, type: Row, path: rows.csv}
graphs:
  pass: {when_any: [rows], nodes: {same: {in: rows, to: out}}}
sinks:
  out: {kind: stdout, type: Row}
SPEC
{
    echo "id,text"
    seq -f '%.0f,a row' 1 200000
} >rows.csv
expect_code 0 "$weir" build rows.weir.yaml -o rows.so

# wait_until CONDITION...: for at most 20 seconds.
wait_until() {
    for _ in $(seq 400); do
        ! "$@" || return 0
        sleep 0.05
    done
    fail "never came true: $*"
}

# A reader that goes away: one sentence, and the exit code of the environment.
for options in "" "--stats 1h"; do
    code=0
    # shellcheck disable=SC2086
    { "$weir" run $options rows.so 2>err || echo $? >code; } | head -n 1 >out
    [ "$(cat out)" = '{"id":1,"text":"a row"}' ] || fail "the first line is: $(cat out)"
    [ "$(cat code)" = 3 ] || fail "exit code $(cat code) when nobody reads"
    expect_text err "sink 'out': nobody reads 'standard output' any more;"
    [ "$(grep -c '^weir:' err)" = 1 ] || fail "more than one sentence: $(cat err)"
    rm code
done

# One that takes nothing holds the writers, and --stats says who waits for whom; then all goes on.
"$weir" run --stats 50ms rows.so >held 2>err &
pid=$!
exec 3<held
wait_until grep -q "reactor pass: .*, held by sink 'out'" err
wait_until grep -q "sink out: live, .* pending: it takes no more just now" err
wait_until grep -q "source rows: live, held, " err
[ "$(wc -l <&3)" = 200000 ] || fail "lines are lost"
wait "$pid" || fail "exit code $? behind a pipe that was full"
exec 3<&-

# A slow one gets all.
"$weir" run --quiet rows.so | dd bs=512 2>dd.err | wc -l >lines
[ "$(cat lines)" = 200000 ] || fail "a slow reader got $(cat lines) lines"

# A full disk: standard output, and a file.
code=0
"$weir" run --set sinks.out.give_up=50ms rows.so >/dev/full 2>err || code=$?
[ "$code" = 3 ] || fail "exit code $code on a full disk"
expect_text err "cannot write to 'standard output': No space left on device"
expect_code 3 "$weir" run --sink out=/dev/full --set sinks.out.give_up=50ms rows.so
expect_text err "cannot write to '/dev/full': No space left on device"
expect_text err "bytes of results are not written"
(ulimit -f 4 && "$weir" run --sink out=cut.jsonl --set sinks.out.give_up=50ms rows.so) 2>err && fail "a limit was no error"
expect_text err "File too large"
[ "$(tail -c 1 cut.jsonl | od -An -c | tr -d ' ')" = '\n' ] || [ ! -s cut.jsonl ] || fail "half a line is left"

# No standard input or output at all.
code=0
"$weir" run --input rows=- rows.so <&- >out 2>err || code=$?
[ "$code" = 3 ] || fail "exit code $code without standard input"
expect_text err "source 'rows': cannot read '-': Bad file descriptor"
code=0
"$weir" run rows.so >&- 2>err || code=$?
[ "$code" = 3 ] || fail "exit code $code without standard output"

# Standard input that brings something now and then; SIGTERM ends it while it brings nothing,
# in order also where it is sent twice at once.
"$weir" run --input rows=- --set sources.rows.format=json rows.so <held >out 2>err &
pid=$!
exec 3>held
printf '{"id":1,"text":"a"}\n{"id":2,' >&3
wait_until grep -q '"id":1' out
kill -TERM "$pid"
kill -TERM "$pid" 2>/dev/null || true # it may have ended
wait "$pid" || fail "exit code $? after SIGTERM: $(cat err)"
exec 3>&-
expect_text err "source rows: 1 received = 1 fired"

# One run feeds another; the ending of a file decides over the spec, --set over both.
"$weir" run --quiet --sink out=- --set sinks.out.format=csv rows.so |
    "$weir" run --quiet --input rows=- --set sources.rows.format=csv --sink out=copy.msgpack rows.so
expect_code 0 "$weir" run --input rows=copy.msgpack --sink out=copy.csv rows.so
cmp rows.csv copy.csv || fail "what went through two pipes and two files differs"

# Metrics and counters of what comes and goes.
expect_code 0 "$weir" run --stats 10s --metrics metrics --sink out=copy.jsonl rows.so
for line in 'weir_source_received_total{module="rows",source="rows"} 200000' \
    "weir_source_bytes_total{module=\"rows\",source=\"rows\"} $(($(wc -c <rows.csv) - 200008))" \
    'weir_source_buffered{module="rows",source="rows"} 0' \
    "weir_source_read_bytes_total{module=\"rows\",source=\"rows\"} $(wc -c <rows.csv)" \
    "weir_source_total_bytes{module=\"rows\",source=\"rows\"} $(wc -c <rows.csv)" \
    'weir_source_in_flight_limit{module="rows",source="rows"} 65536' \
    'weir_source_health{module="rows",source="rows",state="ended"} 1' \
    'weir_source_health{module="rows",source="rows",state="live"} 0' \
    'weir_source_held{module="rows",source="rows"} 0' \
    'weir_sink_results_total{module="rows",sink="out"} 200000' \
    "weir_sink_bytes_total{module=\"rows\",sink=\"out\"} $(wc -c <copy.jsonl)" \
    'weir_sink_pending_limit_bytes{module="rows",sink="out"} 1048576' \
    'weir_sink_lost_bytes_total{module="rows",sink="out"} 0'; do
    expect_text metrics "$line"
done
expect_text err "source rows: ended, 200000 received"
expect_text err "sink out: ended, 200000 results"
