# SPDX-License-Identifier: Apache-2.0
# memory.sh WEIR ROOT FOLDER HARNESS [--count N] [--seed S]: builds what the cases of faults_memory
# run, then runs them.
. "$(dirname "$0")/../cli/common.sh"
harness=$4
shift 4
cd "$work"
mkdir made
ln -s "$root" root

build() {
    spec=$1
    shift
    name=$(basename "$spec" .weir.yaml)
    cp "$(dirname "$spec")"/*.csv "$(dirname "$spec")"/*.itch . 2>/dev/null || true
    "$weir" build -o "$name.so" "$spec" "$@" >/dev/null
}

for name in hello batch keyed feedback routing raw polling market; do
    nodes="$root/examples/$name/nodes.c"
    [ -f "$nodes" ] || nodes=""
    build "$root/examples/$name/$name.weir.yaml" ${nodes:+"$nodes"}
done
build "$root/tests/codegen/golden/small.weir.yaml"
build "$root/tests/codegen/golden/expected.weir.yaml"

cat >sample.weir.yaml <<'SPEC'
module: sample
types:
  Side: [buy, sell]
  Sample: {id: i64, name: string(8), price: optional f64, side: Side, at: timestamp(iso)}
SPEC
echo '{"id":1,"name":"a","side":"buy","at":5}' >sample.jsonl
printf '7b7d\n7b226964223a31\n\n5b312c225c7530303030225d\n' >sample.hex
"$weir" build -o sample.so sample.weir.yaml >/dev/null

# A compiler that takes no time: it copies what the true one has made.
cat >copy <<COPY
#!/bin/sh
while [ \$# != 0 ]; do
    [ "\$1" != -o ] || cp "$work/\$(basename "\${2%.so*}").so" "\$2"
    shift
done
COPY
chmod +x copy
CC="$work/copy" exec "$harness" "$@" "$work"
