# SPDX-License-Identifier: Apache-2.0
# A network that cuts connections in the middle of what they carry, and delays others.
# cuts.sh ... [COUNT [SEED]]: so many rounds (1).
jars=${XDG_CACHE_HOME:-$HOME/.cache}
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
command -v java >/dev/null || exit 77
rounds=${6:-1} seed=${7:-1} some=16000
broker() {
    XDG_CACHE_HOME="$jars" timeout 100 "$root/scripts/kafka" --dir "$work/broker" "$@"
}
"$(dirname "$tool")/kafka_proxy" port broker/behind "$seed" >proxied &
proxy=$!
begun=$proxy
await 5 test -s port
B=$(broker --behind "$(cat port)" start)
export B
trap 'end_all; broker stop' EXIT
topic "$run-in" 4
topic "$run-out" 2
numbered numbers.weir.yaml "max_rate: 4000, commit_every: 100ms"
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so
through="127.0.0.1:$(cat port)"
direct=$B
B=$through begin numbers run numbers.so
numbers=$pid
B=$direct
for round in $(seq "$rounds"); do
    count=$((round * some))
    kt number "$run-in" $((count - some)) "$some" 50
    await 60 kt past "$run" "$run-in" "$count"
    books "cut and delayed"
done
kill -USR1 "$proxy"
kill -TERM "$numbers"
finish numbers "$numbers" 0
kill -TERM "$proxy"
wait "$proxy" || fail "the proxy did too little: $(cat proxied)"
cat proxied
