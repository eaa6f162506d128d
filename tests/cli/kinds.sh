# SPDX-License-Identifier: Apache-2.0
# --kinds: a sink kind of the user's own, with its option table, as if weir had brought it.
. "$(dirname "$0")/common.sh"
cd "$work"
cat >kinds.c <<'C'
#include <stdio.h>
#include <unistd.h>
#include <weir/weir.h>

typedef struct shout_config {
    char *prefix;
    weir_pairs kinds;
} shout_config;

static const weir_option options[] = {
    {.name = "prefix", .type = WEIR_OPTION_TEXT, .required = true,
     .offset = offsetof(shout_config, prefix), .help = "What stands before the bytes."},
    {.name = "kinds", .type = WEIR_OPTION_PAIRS, .offset = offsetof(shout_config, kinds),
     .help = "Texts by name."},
};

static weir_status shout(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                         weir_error **error)
{
    const shout_config *config = sink->config;

    (void)error;
    *fd = -1;
    printf("%s%.*s", config->prefix, (int)bytes.size, (const char *)bytes.data);
    fflush(stdout);
    *ret_written = bytes.size;
    return WEIR_OK;
}

static const weir_sink_kind shout_kind = {
    .base = {.name = "shout", .summary = "Prints with a prefix.", .options = options,
             .option_count = 2, .config_size = sizeof(shout_config)},
    .write = shout,
};
static const weir_sink_kind *const sinks[] = {&shout_kind};
__attribute__((visibility("default"))) const weir_kinds weir_user_kinds = {
    .generation = WEIR_GENERATION, .sinks = sinks, .sink_count = 1};
C
"$CC" -std=c17 -fPIC -shared -I"$root/include" kinds.c -o kinds.so
sed 's/kind: stdout, type: Spread, format: json/kind: shout, type: Spread, prefix: "> "/' \
    "$root/examples/hello/hello.weir.yaml" >hello.weir.yaml
cp "$root/examples/hello/quotes.csv" .

expect_code 2 "$weir" check hello.weir.yaml
expect_code 0 "$weir" check --kinds kinds.so hello.weir.yaml
expect_code 0 "$weir" run --kinds kinds.so hello.weir.yaml
expect_text out '> {"symbol":"ABC","spread":1}'
# A map of its own is one, however near to a key of weir's its name is.
sed 's/prefix: "> "/prefix: "> ", kinds: {loud: word}/' hello.weir.yaml >near.weir.yaml
expect_code 0 "$weir" check --kinds kinds.so near.weir.yaml
sed -i 's/prefix:/prefx:/' hello.weir.yaml
expect_code 2 "$weir" check --kinds kinds.so hello.weir.yaml
expect_text err "did you mean 'prefix'?"
expect_code 3 "$weir" check --kinds none.so hello.weir.yaml
