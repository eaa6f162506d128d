# SPDX-License-Identifier: Apache-2.0
# Three nodes, of which one is killed that leads some of the partitions: the others take them over;
# nothing is lost, and each key keeps its order.
jars=${XDG_CACHE_HOME:-$HOME/.cache}
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
command -v java >/dev/null || exit 77
cluster() {
    XDG_CACHE_HOME="$jars" timeout 100 "$root/scripts/kafka" --dir "$work/cluster" "$@"
}
B=$(cluster --nodes 3 start)
export B
trap 'end_all; cluster stop' EXIT
count=20000
topic "$run-in" 6
topic "$run-out" 3
numbered numbers.weir.yaml "max_rate: 3000, commit_every: 200ms"
kt number "$run-in" 0 "$count" 50
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so
begin numbers run numbers.so
numbers=$pid
await 20 kt past "$run" "$run-in" 4000
kill -KILL "$(cat "$work/cluster/1.pid")"
await 60 kt past "$run" "$run-in" "$count"
kill -TERM "$numbers"
finish numbers "$numbers" 0
kt consume "$run-out" | "$here/ledger.py" "$count"
