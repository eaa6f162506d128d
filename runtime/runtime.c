/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.c - the runtime as a whole: making, loading, pushing, logging, freeing. */
#include "runtime/runtime.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sources/channel.h"

/* --- Life --- */

/* A page that the kernel wipes in a forked child: so each call can tell, at the price of a load. */
static bool make_fork_mark(weir_runtime *runtime)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return false;
    runtime->fork_mark = page;
    runtime->fork_mark[0] = 1;
    return madvise(page, size, MADV_WIPEONFORK) == 0;
}

weir_status weir_runtime_check(const weir_runtime *runtime, weir_error **error)
{
    if (runtime->fork_mark[0] == 1)
        return WEIR_OK;
    return weir_error_set(error, WEIR_FORKED,
                          "this runtime belongs to the process that forked this one; make one "
                          "after the fork");
}

weir_status weir_runtime_check_thread(const weir_runtime *runtime, weir_error **error)
{
    weir_status status = weir_runtime_check(runtime, error);

    if (status == WEIR_OK && atomic_load(&runtime->owned) && !weir_loop_is_own(runtime))
        status = weir_error_set(error, WEIR_STATE,
                                "the runtime belongs to another thread while that runs it; only "
                                "pushing, closing and stopping are for any thread");
    return status;
}

weir_status weir_runtime_new(const weir_runtime_config *config, weir_runtime **ret,
                             weir_error **error)
{
    weir_runtime *runtime = weir_alloc(sizeof *runtime);

    if (runtime == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (config != NULL)
        runtime->config = *config;
    if (runtime->config.seed == 0)
        runtime->config.seed = 0x5eed;
    runtime->clock.is_virtual = runtime->config.mode != WEIR_MODE_LIVE;
    if (runtime->config.mode == WEIR_MODE_TEST)
        runtime->clock.now = runtime->config.from;
    runtime->last_program = &runtime->programs;
    runtime->last_fresh = &runtime->fresh;
    runtime->last_flush = &runtime->flushes;
    runtime->slow = INT64_MAX;
    weir_loop_own(runtime);
    weir_status status = make_fork_mark(runtime)
                             ? weir_loop_new(runtime, error)
                             : weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status != WEIR_OK)
        weir_runtime_free(runtime);
    else
        *ret = runtime;
    return status;
}

void weir_runtime_free(weir_runtime *runtime)
{
    /* In a forked child its threads are not there and its files are the parent's: it is left. */
    if (runtime == NULL || (runtime->fork_mark != NULL && runtime->fork_mark[0] == 0))
        return;
    if (weir_loop_in_callback(runtime)) {
        weir_runtime_log(runtime, WEIR_ERROR, "runtime", NULL,
                         "weir_runtime_free was called from within a callback, and did nothing; "
                         "stop the runtime there, and free it when it has ended");
        return;
    }
    if (runtime->own_thread) {
        weir_runtime_stop(runtime);
        pthread_join(runtime->own, NULL);
    }
    weir_loop_free(runtime);
    while (runtime->programs != NULL) {
        weir_program *next = runtime->programs->next;
        weir_program_free(runtime->programs);
        runtime->programs = next;
    }
    weir_feedback_free(runtime);
    weir_origin_free(&runtime->groups);
    weir_timers_free(&runtime->timers);
    weir_overrides_free(runtime->overrides);
    weir_error_free(runtime->error);
    weir_free(runtime->asking);
    if (runtime->fork_mark != NULL)
        munmap(runtime->fork_mark, (size_t)sysconf(_SC_PAGESIZE));
    weir_free(runtime);
}

weir_status weir_runtime_load_in(weir_runtime *runtime, const weir_module *module,
                                 const char *folder, weir_error **error)
{
    weir_program *program;

    if (module->generation != WEIR_GENERATION)
        return weir_error_set(error, WEIR_MISMATCH,
                              "module '%s' was generated for generation %u of weir, this is "
                              "generation %d; generate and compile it again",
                              module->name, module->generation, WEIR_GENERATION);
    if (runtime->started)
        return weir_error_set(error, WEIR_STATE,
                              "module '%s' comes too late: the runtime has started", module->name);
    weir_status status = weir_runtime_check(runtime, error);
    if (status == WEIR_OK)
        status = weir_program_new(runtime, module, folder, &program, error);
    if (status != WEIR_OK)
        return status;
    *runtime->last_program = program;
    runtime->last_program = &program->next;
    return WEIR_OK;
}

weir_status weir_runtime_load(weir_runtime *runtime, const weir_module *module, weir_error **error)
{
    return weir_runtime_load_in(runtime, module, NULL, error);
}

void weir_runtime_set_user(weir_runtime *runtime, void *user)
{
    runtime->user = user;
}

weir_status weir_runtime_start_time(weir_runtime *runtime, weir_error **error)
{
    weir_status status = WEIR_OK;

    runtime->time_started = true;
    for (weir_program *program = runtime->programs; program != NULL && status == WEIR_OK;
         program = program->next)
        status = weir_program_start_time(program, error);
    return status;
}

weir_status weir_runtime_begin(weir_runtime *runtime, weir_error **error)
{
    weir_status status = weir_overrides_check(runtime, error);

    if (runtime->started)
        return runtime->ended ? weir_error_set(error, WEIR_CLOSED, "the runtime has ended")
                              : WEIR_OK;
    runtime->started = true;
    weir_clock_read(&runtime->clock);
    if (status == WEIR_OK)
        status = weir_feedback_init(runtime, error);
    for (weir_program *program = runtime->programs; program != NULL && status == WEIR_OK;
         program = program->next)
        status = weir_program_start(program, error);
    /* In replay time begins with the first event. */
    if (status == WEIR_OK && runtime->config.mode != WEIR_MODE_REPLAY)
        status = weir_runtime_start_time(runtime, error);
    runtime->ended = status != WEIR_OK;
    return status;
}

void weir_runtime_stop(weir_runtime *runtime)
{
    if (weir_runtime_check(runtime, NULL) != WEIR_OK)
        return;
    atomic_store(&runtime->stopping, true);
    weir_loop_wake(runtime);
}

void weir_runtime_fail(weir_runtime *runtime, weir_status status, weir_error *error)
{
    if (runtime->outcome != WEIR_OK) {
        weir_error_free(error); /* the first reason counts */
        return;
    }
    weir_error_free(runtime->error);
    runtime->error = error;
    runtime->outcome = status;
    weir_runtime_stop(runtime);
}

void weir_runtime_log(weir_runtime *runtime, weir_level level, const char *room, const char *name,
                      const char *format, ...)
{
    char message[1024];
    va_list args;

    if (runtime->config.log == NULL)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    runtime->config.log(runtime->config.log_arg, level, room, name, message);
}

/* --- The host's functions and events --- */

static weir_program *find_program(const weir_runtime *runtime, const weir_module *module,
                                  weir_error **error)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next)
        if (program->module == module)
            return program;
    weir_error_set(error, WEIR_NOT_FOUND, "module '%s' is not loaded", module->name);
    return NULL;
}

weir_status weir_runtime_on(weir_runtime *runtime, const weir_module *module, const char *sink,
                            weir_result_function function, void *arg, weir_error **error)
{
    weir_program *program = find_program(runtime, module, error);

    if (program == NULL)
        return WEIR_NOT_FOUND;
    if (runtime->started)
        return weir_error_set(error, WEIR_STATE,
                              "the function of sink '%s' comes too late: the runtime has started",
                              sink);
    for (uint32_t i = 0; i < module->sink_count; i++)
        if (strcmp(module->sinks[i].name, sink) == 0) {
            program->sinks[i].sink.tap = (weir_tap){function, arg};
            return WEIR_OK;
        }
    return weir_error_set(error, WEIR_NOT_FOUND, "module '%s' has no sink '%s'", module->name,
                          sink);
}

const void *weir_runtime_params(const weir_runtime *runtime, const weir_module *module)
{
    const weir_program *program = find_program(runtime, module, NULL);

    return program != NULL ? program->params : NULL;
}

/* A channel of the program. */
static weir_source *find_channel(weir_runtime *runtime, const weir_module *module, uint32_t index,
                                 weir_error **error)
{
    weir_program *program =
        weir_runtime_check(runtime, error) == WEIR_OK ? find_program(runtime, module, error) : NULL;

    if (program == NULL)
        return NULL;
    weir_source *source = &program->sources[index].source;
    if (source->kind == &weir_channel)
        return source;
    weir_error_set(error, WEIR_STATE, "source '%s' is not a channel here", source->module->name);
    return NULL;
}

/* Stamps never go back, whatever the machine's clock does: a turn takes all up to the newest. */
static int64_t next_stamp(weir_runtime *runtime)
{
    weir_clock clock = {.is_virtual = false};
    int64_t newest = atomic_load(&runtime->newest_stamp);
    int64_t stamp = runtime->clock.is_virtual ? runtime->clock.now : weir_clock_read(&clock);

    while (stamp > newest && !atomic_compare_exchange_weak(&runtime->newest_stamp, &newest, stamp))
        ;
    return stamp > newest ? stamp : newest;
}

weir_status weir_runtime_push(weir_runtime *runtime, const weir_module *module, uint32_t source,
                              const void *values, size_t count, weir_error **error)
{
    weir_source *channel = find_channel(runtime, module, source, error);

    if (channel == NULL)
        return weir_runtime_check(runtime, NULL) != WEIR_OK ? WEIR_FORKED : WEIR_STATE;
    if (runtime->config.mode == WEIR_MODE_REPLAY)
        return weir_error_set(error, WEIR_CLOSED, "channel '%s' has no history to replay",
                              channel->module->name);
    int64_t stamp = next_stamp(runtime);
    return weir_channel_push(channel, values, count, stamp, !weir_loop_is_own(runtime), error);
}

weir_status weir_runtime_close(weir_runtime *runtime, const weir_module *module, uint32_t source,
                               weir_error **error)
{
    weir_source *channel = find_channel(runtime, module, source, error);

    if (channel == NULL)
        return WEIR_STATE;
    weir_channel_close(channel);
    return WEIR_OK;
}
