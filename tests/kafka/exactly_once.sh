# SPDX-License-Identifier: Apache-2.0
# delivery: exactly_once. weir is killed at random moments and begun again: for a reader of committed
# records nothing is lost, nothing comes twice, and each key keeps its order; dead letters too.
# exactly_once.sh ... [COUNT [SEED]]: so many kills (6).
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
kills=${6:-6} seed=${7:-1}
count=$((kills * 4000))
once="delivery: exactly_once, transactional_id: $run"
topic "$run-in" 4
topic "$run-out" 2
numbered numbers.weir.yaml "instance: one, max_rate: 8000, commit_every: 100ms" "$once"
kt number "$run-in" 0 "$count" 50
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so

python3 - "$weir" "$kills" "$seed" <<'P'
import random, subprocess, sys
weir, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
for kill in range(kills):
    child = subprocess.Popen([weir, "run", "--quiet", "numbers.so"])
    try:
        sys.exit(f"weir ended by itself with {child.wait(timeout=chance.uniform(0.1, 1.2))}")
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
P
begin last run numbers.so
kt await "$run" "$run-in" 60
kill -TERM "$pid"
finish last "$pid" 0
kt consume "$run-out" >got
"$here/ledger.py" "$count" --once <got >ledger || {
    cat ledger
    fail "it was not exactly once"
}
echo "$kills kills: $(cat ledger)"
