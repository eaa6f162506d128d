/* SPDX-License-Identifier: Apache-2.0 */
/* pipe.h - a small live pipeline that the tests of E22 share: two channels, one reactor, one sink.
 */
#ifndef WEIR_TESTS_PIPE_H
#define WEIR_TESTS_PIPE_H

#include "tests/pipeline/rig.h"

static const rig_spec pipe_spec = {
    .sources = {{"a", "capacity=64 on_full=block"}, {"b", "capacity=4096"}},
    .reactors = {{"r", "any(a,b)", "a? b?", .to = "out"}},
    .sinks = {"out"},
};

static inline rig_world live(void)
{
    return (rig_world){.live = true};
}

static inline void run_it(rig_world *rig)
{
    assert_int_equal(weir_runtime_run(rig->runtime, NULL), WEIR_OK);
}

enum { PUSHES = 20000 };

static inline void *push_many(void *arg)
{
    rig_world *rig = arg;
    uintptr_t failed = 0;

    for (int64_t i = 1; i <= PUSHES; i++) {
        rig_item item = {.id = i};
        if (weir_runtime_push(rig->runtime, &rig->tables->module, 0, &item, 1, NULL) != WEIR_OK)
            failed++;
    }
    if (weir_runtime_close(rig->runtime, &rig->tables->module, 0, NULL) != WEIR_OK)
        failed++;
    if (weir_runtime_close(rig->runtime, &rig->tables->module, 1, NULL) != WEIR_OK)
        failed++;
    return (void *)failed;
}

static inline void push_and_close(rig_world *rig)
{
    rig_run(rig, "a1 b2 a3");
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(weir_runtime_close(rig->runtime, &rig->tables->module, i, NULL), WEIR_OK);
}

#define PUSHED "r#1(a1) out=101 r#2(a1 b2) out=101 r#3(a3 b2) out=103"

#endif
