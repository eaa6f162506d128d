# SPDX-License-Identifier: Apache-2.0
# Three nodes, of which one after the other is killed that leads some of the partitions, and comes again:
# the others take them over; nothing is lost, and each key keeps its order.
# leaders.sh ... [COUNT [SEED]]: so many of them (1).
jars=${XDG_CACHE_HOME:-$HOME/.cache}
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
command -v java >/dev/null || exit 77
rounds=${6:-1} some=20000
cluster() {
    XDG_CACHE_HOME="$jars" timeout 100 "$root/scripts/kafka" --dir "$work/cluster" "$@"
}
B=$(cluster --nodes 3 start)
export B
trap 'end_all; cluster stop' EXIT
topic "$run-in" 6
topic "$run-out" 3
numbered numbers.weir.yaml "max_rate: 3000, commit_every: 200ms"
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so
begin numbers run --stats 1s --metrics "$work/metrics" numbers.so
numbers=$pid
for round in $(seq "$rounds"); do
    [ "$round" = 1 ] || cluster restart >/dev/null
    count=$((round * some)) node=$(((round - 1) % 3 + 1))
    kt number "$run-in" $((count - some)) "$some" 50
    await 60 kt past "$run" "$run-in" $((count - some + 4000))
    kill -KILL "$(cat "$work/cluster/$node.pid")"
    await 60 kt past "$run" "$run-in" "$count"
    books "node $node killed"
done
kill -TERM "$numbers"
finish numbers "$numbers" 0
