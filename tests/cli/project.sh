# SPDX-License-Identifier: Apache-2.0
# A project made by weir init builds, runs and passes its test; weir test tells what differs.
. "$(dirname "$0")/common.sh"

cd "$work"
expect_code 0 "$weir" init demo_one
expect_code 2 "$weir" init demo_one
expect_code 2 "$weir" init 9lives
cd demo_one
expect_code 0 "$weir" run demo_one.weir.yaml nodes.c
printf '%s\n' '{"symbol":"ABC","spread":1,"wide":true}' '{"symbol":"XYZ","spread":0.25,"wide":false}' |
    diff - "$work/out" || fail "the project prints something else"
expect_code 0 "$weir" test demo_one.weir.yaml nodes.c
expect_text "$work/out" "1 passed, 0 failed"
expect_code 0 "$weir" test --tap --junit "$work/junit.xml" demo_one.weir.yaml nodes.c
expect_text "$work/out" "ok 1 - a_wide_spread_is_told"
expect_code 0 "$weir" test --json demo_one.weir.yaml nodes.c
expect_text "$work/out" '{"test":"a_wide_spread_is_told","passed":true,'
expect_text "$work/junit.xml" 'tests="1" failures="0"'

# A missing function is named; a parameter can be overridden; a test that fails says where.
expect_code 2 "$weir" run demo_one.weir.yaml
expect_text "$work/err" "the function 'demo_one_watch_judge' is missing"
expect_code 0 "$weir" run --set params.limit=2 demo_one.weir.yaml nodes.c
expect_text "$work/out" '"spread":1,"wide":false'
expect_code 2 "$weir" run --set params.limit=wide demo_one.weir.yaml nodes.c
expect_code 2 "$weir" run --set params.limmit=2 demo_one.weir.yaml nodes.c
expect_text "$work/err" "there is no parameter 'limmit'; did you mean 'limit'"
expect_code 2 "$weir" run --set sources.quotes.pth=x demo_one.weir.yaml nodes.c
expect_text "$work/err" "the source 'quotes' has no option 'pth'; did you mean 'path'"
expect_code 2 "$weir" run --input quote=x.csv demo_one.weir.yaml nodes.c
expect_text "$work/err" "there is no source 'quote'; did you mean 'quotes'"
sed 's/path: quotes.csv/path: "${DATA:-quotes.csv}"/' demo_one.weir.yaml >variable.weir.yaml
expect_code 0 "$weir" run variable.weir.yaml nodes.c
DATA=nowhere.csv expect_code 3 "$weir" run variable.weir.yaml nodes.c
expect_text "$work/err" "cannot read './nowhere.csv'"
sed -i 's/spread: 1, wide: true/spread: 1, wide: false/' demo_one.weir.yaml
expect_code 1 "$weir" test demo_one.weir.yaml nodes.c
expect_text "$work/out" "spreads[0].wide: expected false, got true"

# A machine without a compiler gets a sentence, but what is in the cache runs.
CC=/nonexistent/cc expect_code 3 "$weir" build demo_one.weir.yaml nodes.c
expect_text "$work/err" "cannot run the C compiler"

# A header that a file of the user's includes is part of the module: when it changes, so does that.
sed -i 's/spread: 1, wide: false/spread: 1, wide: true/' demo_one.weir.yaml
echo '#define FACTOR 1' >factor.h
sed -i 's/#include "demo_one.weir.h"/&\n#include <math.h>\n#include "factor.h"/; s/out->wide = .*/out->wide = sqrt(measure->spread) > FACTOR * params->limit;/' nodes.c
expect_code 0 "$weir" run demo_one.weir.yaml nodes.c
expect_text "$work/out" '"spread":1,"wide":true'
echo '#define FACTOR 100' >factor.h
expect_code 0 "$weir" run demo_one.weir.yaml nodes.c
expect_text "$work/out" '"spread":1,"wide":false'
CFLAGS=-DWRONG= expect_code 0 "$weir" build demo_one.weir.yaml nodes.c
rm factor.h
expect_code 2 "$weir" build demo_one.weir.yaml nodes.c
expect_text "$work/err" "factor.h"

# Texts that are longer than a literal may be: a description is cut between characters, a value is whole.
long=$(printf 'ä%.0s' $(seq 3000))
cat >"$work/long.weir.yaml" <<SPEC
module: long
types:
  Note: {text: string(8000), size: f64}
sources: {notes: {kind: channel, type: Note}}
graphs:
  pass: {when_any: [notes], doc: a$long, nodes: {same: {in: notes, out: Note, set: {text: notes.text, size: notes.size * 2}, to: out}}}
sinks: {out: {kind: callback, type: Note}}
tests:
  it_arrives_whole:
    - send: {notes: {text: $long, size: 1.5}}
    - expect: {out: [{text: $long, size: 3}]}
SPEC
expect_code 0 "$weir" test "$work/long.weir.yaml"
expect_text "$work/out" "1 passed, 0 failed"
expect_code 0 "$weir" graph "$work/long.weir.yaml"
