# SPDX-License-Identifier: Apache-2.0
# Three processes of one group, joining and leaving while numbers flow: a partition is handed over when
# what was under way is done and committed, so that nothing is lost and nothing comes twice.
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
count=40000
topic "$run-in" 6
topic "$run-out" 3
numbered numbers.weir.yaml "max_rate: 4000, commit_every: 200ms"
kt number "$run-in" 0 "$count" 50
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so

begin a run numbers.so
a=$pid
await 20 kt past "$run" "$run-in" 1000
begin b run numbers.so
b=$pid
await 20 kt past "$run" "$run-in" 6000
begin c run numbers.so
c=$pid
await 20 kt past "$run" "$run-in" 15000
kill -TERM "$b"
finish b "$b" 0
begin d run numbers.so
d=$pid
await 20 kt past "$run" "$run-in" 25000
kill -TERM "$a"
finish a "$a" 0
kt await "$run" "$run-in" 40
kill -TERM "$c" "$d"
finish c "$c" 0
finish d "$d" 0
books "joining and leaving" --once
for name in a b c d; do
    grep 'source numbers' "$work/$name.err"
done
