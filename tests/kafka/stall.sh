# SPDX-License-Identifier: Apache-2.0
# A sink that takes nothing stops the reading: 64 partitions of small records stay in the cluster, the
# process stays small, and the group does not lose the member, whose poll interval has long passed.
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
count=500000
topic "$run-in" 64
numbered numbers.weir.yaml "librdkafka: {max.poll.interval.ms: 6000, session.timeout.ms: 6000}"
sed -i 's/out: {kind: kafka.*/out: {kind: stdout, type: Number}/' numbers.weir.yaml
kt number "$run-in" 0 "$count" 5000
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so

mkfifo pipe
(
    exec <pipe
    until [ -e go ]; do sleep 0.05; done
    exec cat >records
) &
reader=$!
"$weir" run --stats 100ms --metrics metrics numbers.so >pipe 2>err &
pid=$!
begun="$reader $pid"
await 20 grep -q '^weir_source_held.* 1$' metrics
size() {
    awk '/^VmRSS/ {print $2}' "/proc/$pid/status"
}
await 20 sh -c 'test "$(awk "/^VmRSS/ {print \$2}" /proc/'"$pid"'/status)" -gt 20000'
# Longer than the group waits for a poll; what is fetched ahead has come within the first second.
end=$(($(date +%s) + 9)) early=0 late=0
while [ "$(date +%s)" -lt "$end" ]; do
    late=$(size)
    [ "$early" != 0 ] || [ $((end - $(date +%s))) -gt 7 ] || early=$late
    sleep 0.1
done
echo "held: $early KiB after two seconds, $late KiB after nine, at a budget of 16384 KiB"
if [ -z "${WEIR_SANITIZE:-}" ]; then # sanitizers keep what was freed
    [ "$late" -le $((20480 + 4 * 16384)) ] || fail "$late KiB are more than four times the budget"
    [ "$late" -le $((early + early / 20 + 1024)) ] || fail "it grows: from $early to $late KiB"
fi
grep -q '^weir_source_brokers_up{.*} 1$' metrics || fail "no broker is up"
awk '/^weir_source_rate/ { if ($2 > 0) exit 1 }' metrics || fail "it reads, although it is held"
touch go
kt await "$run" "$run-in" 60
await 20 awk '/^weir_source_rate/ { if ($2 == 0) exit 1 }' metrics
kill -TERM "$pid"
finish_code=0
wait "$pid" || finish_code=$?
[ "$finish_code" = 0 ] || fail "it ended with $finish_code"
wait "$reader"
expect_text err "1 rebalances"
sed 's/^/0\t0\t-\t/' records | "$here/ledger.py" "$count" --once
