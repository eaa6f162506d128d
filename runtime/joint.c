/* SPDX-License-Identifier: Apache-2.0 */
/* joint.c - results and positions that become safe together: `delivery: exactly_once`.
 *
 * At the end of each turn the sink is asked whether it wants to make safe what there is. If so the
 * sources that commit are not read until nothing is under way any more: then what it holds came of
 * the events below the positions, of all of them, and of no others.
 *
 * That cannot be where events are kept beyond their firing; so such modules are refused.
 */
#include <stdio.h>

#include "runtime/runtime.h"

static bool is_any_source_committing(const weir_program *program)
{
    for (uint32_t i = 0; i < program->module->source_count; i++)
        if (program->sources[i].source.kind->commit != NULL)
            return true;
    return false;
}

weir_status weir_joint_begin(weir_program *program, weir_error **error)
{
    const weir_module *module = program->module;

    for (uint32_t i = 0; i < module->sink_count && program->joint == NULL; i++)
        if (program->sinks[i].sink.joint)
            program->joint = &program->sinks[i];
    if (program->joint == NULL)
        return WEIR_OK;
    for (uint32_t i = 0; i < module->source_count; i++)
        program->sources[i].source.joint = true;
    if (module->keeps == NULL || !is_any_source_committing(program))
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, program->joint->sink.module->place,
                             "sink '%s' cannot be exactly_once: %s",
                             program->joint->sink.module->name, module->keeps);
}

static bool is_under_way(const weir_program *program)
{
    for (uint32_t i = 0; i < program->module->source_count; i++) {
        const weir_origin *origin = &program->sources[i].source.origin;
        if (origin->commits && origin->in_flight != 0)
            return true;
    }
    return false;
}

/* Have the joint sinks taken all, and the others written it? */
static bool have_sinks_all(const weir_program *program)
{
    for (uint32_t i = 0; i < program->module->sink_count; i++) {
        const weir_sink_work *work = &program->sinks[i];
        if (work->sink.joint ? work->left != work->written : weir_sink_owed(work) != 0)
            return false;
    }
    return true;
}

/* What waits for a retry at a stop will not be done any more: all since the newest positions comes
 * again. */
static bool is_abandoned(const weir_program *program)
{
    return program->runtime->stop_begun && !program->runtime->sinks_stuck && is_under_way(program);
}

static void fail(weir_program *program, weir_status status, weir_error *error)
{
    weir_sink_drop(program->joint);
    weir_runtime_fail(program->runtime, status, error);
}

/* An aborted transaction has brought a source back from its end. */
static bool goes_on(const weir_program *program)
{
    for (uint32_t i = 0; i < program->module->source_count; i++) {
        const weir_source *source = &program->sources[i].source;
        if (source->origin.commits && !source->ended)
            return true;
    }
    return false;
}

bool weir_joint_settle(weir_program *program)
{
    weir_runtime *runtime = program->runtime;
    weir_sink *sink = &program->joint->sink;
    weir_error *error = NULL;

    program->barred = false;
    if (weir_commit_is_off(program) || is_abandoned(program))
        return true;
    bool quiet = !is_under_way(program) && have_sinks_all(program);
    if (quiet && !weir_commit_now(program))
        return false;
    weir_status status = sink->kind->join(sink, quiet, runtime->draining, &error);
    program->barred = status == WEIR_AGAIN;
    if (status != WEIR_OK && status != WEIR_AGAIN) {
        fail(program, status, error);
        return true;
    }
    snprintf(program->joint->reason, sizeof program->joint->reason, "%s",
             error != NULL ? weir_error_message(error) : "");
    weir_error_free(error);
    if (runtime->draining && !runtime->stop_begun && goes_on(program)) {
        runtime->draining = false;
        runtime->give_up_at = 0;
    }
    return !runtime->draining || status == WEIR_OK;
}
