# SPDX-License-Identifier: Apache-2.0
# What the command does when the world fails: files cut off and far too long, no room to write, a
# module of another generation, a cache that cannot be.
. "$(dirname "$0")/common.sh"
cd "$work"
cat >rows.weir.yaml <<'SPEC'
module: rows
types:
  Row: {id: i64, text: string(16)}
sources:
  rows: {kind: file, type: Row, path: rows.csv, max_size: 1MiB}
graphs:
  pass: {when_any: [rows], nodes: {same: {in: rows, to: out}}}
sinks:
  out: {kind: stdout, type: Row}
  dead: {kind: file, path: dead.jsonl}
dead_letters: dead
SPEC
expect_code 0 "$weir" build rows.weir.yaml -o rows.so

# Little memory, where no sanitizer needs it all for itself.
with_little_memory() {
    # shellcheck disable=SC3045 # sh of Debian has it
    [ -n "${WEIR_SANITIZE:-}" ] || ulimit -v 400000
    "$@"
}

# run_on FILE RECEIVED REASON: what is whole is read, what is not is a dead letter.
run_on() {
    (with_little_memory expect_code 0 "$weir" run --input "rows=$1" --sink dead=letters.jsonl rows.so) || exit 1
    expect_text "$work/err" "source rows: $2"
    expect_text letters.jsonl "$3"
    rm letters.jsonl
}

# Cut off in the middle, in each format.
printf 'id,text\n1,a\n2,"b' >cut.csv
run_on cut.csv "2 received = 1 fired" "a quote is open to the end of the input"
printf 'id,text\n1,a\n2' >short.csv
run_on short.csv "2 received = 1 fired" '"reason":"'
printf '{"id":1,"text":"a"}\n{"id":2,"te' >cut.jsonl
run_on cut.jsonl "2 received = 1 fired" "truncated"
printf '\202\242id\001\244text\241a\202\242id' >cut.msgpack
run_on cut.msgpack "2 received = 1 fired" "the input ends within the message"

# Two gigabytes without a newline, in bounded memory; the next message is read.
grow() {
    truncate -s "$2" "$1"
    printf '\n%s\n' "$3" >>"$1"
}
printf '{"id":1,"text":"a"}\n' >long.jsonl
grow long.jsonl 2G '{"id":2,"text":"b"}'
run_on long.jsonl "3 received = 2 fired" "the message is longer than the 1048576 bytes of 'max_size'"
expect_text "$work/out" '{"id":2,"text":"b"}'
truncate -s 0 long.jsonl
grow long.jsonl 100M '{"id":2,"text":"b"}'
(with_little_memory expect_code 1 "$weir" convert rows.weir.yaml Row --from json --to csv long.jsonl) || exit 1
expect_text "$work/err" "message 1: the line is longer than 64 MiB"
expect_text "$work/out" "2,b"
(with_little_memory expect_code 2 "$weir" check long.jsonl) || exit 1
expect_text "$work/err" "the file is larger than 1 MiB"
rm long.jsonl
printf 'id,text\n1,a\n' >long.csv
grow long.csv 100M '2,b'
run_on long.csv "3 received = 2 fired" "the message is longer than the 1048576 bytes of 'max_size'"
rm long.csv
: >long.csv
grow long.csv 2G 'id,text'
(with_little_memory expect_code 1 "$weir" run --input rows=long.csv rows.so) || exit 1
expect_text "$work/err" "source 'rows': the header row of 'long.csv': the message is longer than the 1048576 bytes of 'max_size'"
rm long.csv

# No room for what is printed.
printf 'id,text\n1,a\n' >rows.csv
printf 'module: a\ntypes: {Q: {a: f65}}\n' >bad.weir.yaml
for words in schema "graph rows.so" "check --json bad.weir.yaml" "reference options" \
    "convert rows.weir.yaml Row --from csv --to json rows.csv"; do
    code=0
    # shellcheck disable=SC2086
    "$weir" $words >/dev/full 2>err || code=$?
    [ "$code" != 0 ] || fail "exit code $code on a full disk: weir $words"
    expect_text err "cannot write to standard output"
done
expect_code 3 "$weir" gen -o /proc rows.weir.yaml
expect_text "$work/err" "cannot write '/proc/rows.weir.h'"

# A module of another generation of weir is refused, by the compiler and by the runtime.
mkdir old
cp -r "$root/include/weir" old/weir
now=$(sed -n 's/^#define WEIR_GENERATION //p' old/weir/core.h)
sed -i "s/^#define WEIR_GENERATION .*/#define WEIR_GENERATION 1/" old/weir/core.h
expect_code 0 "$weir" gen -o old rows.weir.yaml
for file in c h; do
    sed "s/WEIR_GENERATION != $now/WEIR_GENERATION != 1/" "old/rows.weir.$file" >"old/x.$file"
done
expect_code 1 "${CC:-cc}" -std=c17 -fPIC -shared -Iold -o old/rows.so old/rows.weir.c
expect_text "$work/err" "generated for another generation of weir: generate it again"
mv old/x.h old/rows.weir.h
expect_code 0 "${CC:-cc}" -std=c17 -fPIC -shared -Iold -o old/rows.so old/x.c
for verb in run replay; do
    expect_code 2 "$weir" "$verb" old/rows.so
    expect_text "$work/err" "module 'rows' was generated for generation 1 of weir, this is generation $now; generate and compile it again"
done

# A cache folder that cannot be made; without a home there is none.
: >file
XDG_CACHE_HOME="$work/file/cache" expect_code 3 "$weir" run rows.weir.yaml
expect_text "$work/err" "cannot make the cache folder '$work/file/cache/weir/"
expect_text "$work/err" "set XDG_CACHE_HOME to a folder that can be written"
XDG_CACHE_HOME="" HOME="" expect_code 3 "$weir" run rows.weir.yaml
expect_text "$work/err" "there is no cache folder: set HOME or XDG_CACHE_HOME"
expect_code 0 "$weir" run rows.so
