/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - tells sources how far they need not go back after a restart (rule E18).
 *
 * An event is done when nobody waits for it any more and what its firings gave has been written. So
 * a commit takes two steps: the positions below which all is done are noted together with what the
 * sinks that its events may come to (reach.c) have been given by then, and once they have written
 * that much, the positions are told.
 */
#include <stdio.h>

#include "runtime/runtime.h"

bool weir_commit_is_off(const weir_program *program)
{
    for (uint32_t i = 0; i < program->module->sink_count; i++)
        if (program->sinks[i].sink.metrics.lost != 0)
            return true;
    return false;
}

static bool have_sinks_written(const weir_source_work *work)
{
    for (uint32_t i = 0; i < work->await_count; i++)
        if (work->awaits[i].sink->safe < work->awaits[i].until)
            return false;
    return true;
}

/* Notes what is done in its partitions; true: something is new. */
static bool note(weir_source_work *work)
{
    weir_origin *origin = &work->source.origin;
    bool found = false;

    for (uint32_t p = 0; p < origin->partition_count; p++) {
        weir_partition *partition = &origin->partitions[p];
        partition->ready = weir_partition_done(partition);
        found = found || partition->ready != partition->committed;
    }
    for (uint32_t i = 0; i < work->await_count && found; i++)
        work->awaits[i].until = weir_sink_given(work->awaits[i].sink);
    return found;
}

/* False: it failed, and is to be tried again. */
static bool commit(weir_source *source, weir_partition *partition)
{
    weir_source_work *work = source->host_arg;
    weir_error *error = NULL;

    if (partition->ready == partition->committed)
        return true;
    if (source->kind->commit(source, partition->number, partition->ready, &error) == WEIR_OK) {
        partition->committed = partition->ready;
        work->commit_reason[0] = '\0';
        return true;
    }
    const char *reason = error != NULL ? weir_error_message(error) : "no reason given";
    if (work->commit_reason[0] == '\0')
        weir_runtime_log(work->program->runtime, WEIR_ERROR, "sources", source->module->name,
                         "position %lld of partition %d could not be committed: %s; trying again",
                         (long long)partition->ready, (int)partition->number, reason);
    snprintf(work->commit_reason, sizeof work->commit_reason, "%s", reason);
    weir_error_free(error);
    return false;
}

static bool commit_partitions(weir_source_work *work)
{
    bool good = true;

    for (uint32_t p = 0; p < work->source.origin.partition_count; p++)
        good = commit(&work->source, &work->source.origin.partitions[p]) && good;
    return good;
}

bool weir_commit_now(weir_program *program)
{
    bool good = true;

    for (uint32_t s = 0; s < program->module->source_count; s++)
        if (note(&program->sources[s]))
            good = commit_partitions(&program->sources[s]) && good;
    return good;
}

/* Who answers wakes the loop; what failed to be made safe is to be tried again. */
static bool waits_for_answers(const weir_source_work *work)
{
    for (uint32_t i = 0; i < work->await_count; i++)
        if (work->awaits[i].sink->safe < work->awaits[i].until &&
            work->awaits[i].sink->sink.kind->answered == NULL)
            return false;
    return true;
}

/* What an earlier turn has noted, then what this one has done. False: to be tried again soon. */
static bool settle(weir_source_work *work)
{
    for (int i = 0; i < 2; i++) {
        if (work->committing && !have_sinks_written(work))
            return waits_for_answers(work);
        if (work->committing && !commit_partitions(work))
            return false;
        work->committing = i == 0 && note(work);
    }
    return true;
}

static bool settle_all(weir_program *program)
{
    bool settled = true;

    if (program->joint != NULL)
        return weir_joint_settle(program);
    for (uint32_t s = 0; s < program->module->source_count && !weir_commit_is_off(program); s++)
        settled = settle(&program->sources[s]) && settled;
    return settled;
}

void weir_commit(weir_runtime *runtime)
{
    runtime->commits_stuck = false;
    if (runtime->config.mode == WEIR_MODE_REPLAY)
        return;
    for (weir_program *program = runtime->programs; program != NULL; program = program->next)
        runtime->commits_stuck = !settle_all(program) || runtime->commits_stuck;
}

/* --- The end --- */

static bool is_source_settled(weir_source_work *work)
{
    weir_source *source = &work->source;
    weir_error *error = NULL;

    if (source->kind->settle == NULL || source->state == NULL || !source->origin.commits ||
        weir_commit_is_off(work->program))
        return true;
    weir_status status = source->kind->settle(source, &error);
    snprintf(work->commit_reason, sizeof work->commit_reason, "%s",
             error != NULL ? weir_error_message(error) : "");
    weir_error_free(error);
    return status == WEIR_OK;
}

bool weir_commit_settled(weir_runtime *runtime)
{
    bool settled = true;

    FOR_EACH_SOURCE(runtime, work)
    {
        settled = is_source_settled(work) && settled;
    }
    return settled;
}

/* --- What could not be committed --- */

/* The first partition whose events come again, or NULL. */
static const weir_partition *uncommitted(const weir_source_work *work)
{
    const weir_origin *origin = &work->source.origin;

    for (uint32_t p = 0; p < origin->partition_count; p++)
        if (origin->partitions[p].ready != origin->partitions[p].committed)
            return &origin->partitions[p];
    return NULL;
}

/* What was not even tried waits for a sink. */
static const char *reason_of(const weir_source_work *work)
{
    for (uint32_t i = 0; i < work->await_count && work->commit_reason[0] == '\0'; i++)
        if (work->awaits[i].sink->safe < work->awaits[i].until)
            return work->awaits[i].sink->reason;
    return work->commit_reason;
}

weir_status weir_commit_given_up(const weir_runtime *runtime, const char *within,
                                 weir_error **error)
{
    for (const weir_program *program = runtime->programs; program != NULL; program = program->next)
        if (program->joint != NULL && program->barred)
            return weir_error_set(error, WEIR_IO,
                                  "%s, %s: what was not committed is void and will be done again",
                                  program->joint->reason, within);
    FOR_EACH_SOURCE(runtime, work)
    {
        const weir_partition *partition = uncommitted(work);
        if (partition != NULL)
            return weir_error_set(
                error, WEIR_IO,
                "source '%s' could not commit within %s: %s; its events from position %lld of "
                "partition %d on will be read again",
                work->source.module->name, within, reason_of(work), (long long)partition->committed,
                (int)partition->number);
        if (work->commit_reason[0] != '\0')
            return weir_error_set(error, WEIR_IO,
                                  "source '%s' could not commit within %s: %s; its newest events "
                                  "will be read again",
                                  work->source.module->name, within, work->commit_reason);
    }
    return weir_error_set(error, WEIR_IO, "a source could not commit within %s", within);
}
