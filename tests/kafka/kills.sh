# SPDX-License-Identifier: Apache-2.0
# weir is killed at random moments and begun again; nothing is lost, and each key keeps its order.
# kills.sh ... [COUNT [SEED]]: so many kills (20).
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
kills=${6:-20} seed=${7:-1}
count=$((kills * 4000))
topic "$run-in" 4
topic "$run-out" 2
numbered numbers.weir.yaml "instance: one, max_rate: 8000, commit_every: 100ms"
kt number "$run-in" 0 "$count" 50
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so

python3 - "$weir" "$kills" "$seed" <<'P'
import random, subprocess, sys, time
weir, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
for kill in range(kills):
    child = subprocess.Popen([weir, "run", "--quiet", "numbers.so"])
    try:
        sys.exit(f"weir ended by itself with {child.wait(timeout=chance.uniform(0.1, 0.9))}")
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
P
begin last run numbers.so
await 60 kt past "$run" "$run-in" "$count"
kill -TERM "$pid"
finish last "$pid" 0
books "$kills kills" --stops "$kills"
