/* SPDX-License-Identifier: Apache-2.0 */
/* hand.c - what a program does by hand: pause, fire, flush, inject, move the test's clock (E9).
 *
 * Each call is complete when it returns: what it caused has been fired, fed back and sent.
 */
#include <string.h>

#include "runtime/runtime.h"

/* --- Names --- */

/* The part of "module.name" behind the module of `program`, all of "name", or NULL. */
static const char *name_within(const weir_program *program, const char *name)
{
    size_t size = strlen(program->module->name);

    if (strchr(name, '.') == NULL)
        return name;
    return strncmp(name, program->module->name, size) == 0 && name[size] == '.' ? name + size + 1
                                                                                : NULL;
}

static weir_reactor *find_reactor(const weir_runtime *runtime, const char *name, weir_error **error)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next) {
        const char *own = name_within(program, name);
        for (uint32_t i = 0; own != NULL && i < program->module->reactor_count; i++)
            if (strcmp(program->module->reactors[i].name, own) == 0)
                return &program->reactors[i];
    }
    weir_error_set(error, WEIR_NOT_FOUND, "there is no reactor '%s'", name);
    return NULL;
}

static weir_accumulator_work *find_accumulator(const weir_runtime *runtime, const char *name,
                                               weir_error **error)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next) {
        const char *own = name_within(program, name);
        for (uint32_t i = 0; own != NULL && i < program->module->accumulator_count; i++)
            if (strcmp(program->module->accumulators[i].name, own) == 0)
                return &program->accumulators[i];
    }
    weir_error_set(error, WEIR_NOT_FOUND, "there is no accumulator '%s'", name);
    return NULL;
}

/* --- Around each call --- */

static weir_status begin(weir_runtime *runtime, weir_error **error)
{
    weir_status status = weir_runtime_check_thread(runtime, error);

    if (status == WEIR_OK)
        status = weir_runtime_begin(runtime, error);
    if (status == WEIR_OK && weir_loop_in_callback(runtime))
        status = weir_error_set(error, WEIR_STATE,
                                "this cannot be done from within a callback; push an event, or do "
                                "it when the turn has ended");
    if (status == WEIR_OK)
        weir_clock_read(&runtime->clock);
    return status;
}

/* What the call caused goes on to its end; sources that were held are read again soon. */
static void finish(weir_runtime *runtime)
{
    weir_route_settle(runtime);
    weir_ask_latest(runtime);
    weir_flush_sinks(runtime);
    weir_loop_wake(runtime);
}

/* --- Pausing --- */

weir_status weir_runtime_pause(weir_runtime *runtime, const char *name, weir_error **error)
{
    weir_reactor *reactor = find_reactor(runtime, name, error);

    if (reactor == NULL)
        return WEIR_NOT_FOUND;
    weir_status status = weir_runtime_check_thread(runtime, error);
    if (status == WEIR_OK)
        weir_reactor_hold(reactor, WEIR_BLOCKED_PAUSED, true);
    return status;
}

weir_status weir_runtime_resume(weir_runtime *runtime, const char *name, weir_error **error)
{
    weir_reactor *reactor = find_reactor(runtime, name, error);

    if (reactor == NULL)
        return WEIR_NOT_FOUND;
    weir_status status = begin(runtime, error);
    if (status != WEIR_OK)
        return status;
    weir_reactor_hold(reactor, WEIR_BLOCKED_PAUSED, false);
    weir_reactor_ask_all(reactor); /* before anything else comes into its queues */
    weir_route_settle(runtime);
    weir_run_timers(runtime, runtime->clock.now); /* what was to be tried again */
    finish(runtime);
    return WEIR_OK;
}

/* --- Firing --- */

/* The accumulator whose key fields tell the reactor's cells apart. */
static const weir_accumulator_work *key_giver(const weir_program *program,
                                              const weir_reactor *reactor)
{
    uint32_t input = (uint32_t)__builtin_ctzll(reactor->keyed_mask);

    return &program->accumulators[reactor->module->inputs[input].accumulator];
}

static weir_status find_cell(weir_reactor *reactor, const void *key, bool make,
                             weir_reactor_cell **ret, weir_error **error)
{
    const char *name = reactor->module->name;
    uint64_t room[WEIR_KEY_WORDS];
    bool full = false;

    *ret = reactor->single;
    if (reactor->key_words == 0)
        return WEIR_OK;
    if (key == NULL)
        return weir_error_set(error, WEIR_INVALID, "reactor '%s' has keys: say which one to fire",
                              name);
    const uint64_t *words = weir_key_of(key_giver(reactor->host_arg, reactor), key, room);
    uint64_t hash = weir_table_hash(&reactor->keys, words);
    *ret = make ? weir_reactor_cell_for(reactor, words, hash, &full)
                : weir_reactor_find(reactor, words, hash);
    if (*ret != NULL)
        return WEIR_OK;
    if (!make)
        return weir_error_set(error, WEIR_NOT_FOUND, "reactor '%s' has no such key", name);
    return full ? weir_error_set(error, WEIR_LIMIT, "reactor '%s' has 'max_keys' keys", name)
                : weir_error_set(error, WEIR_NOMEM, "reactor '%s': out of memory", name);
}

static weir_status check_live(const weir_reactor *reactor, weir_error **error)
{
    const char *name = reactor->module->name;

    if ((reactor->blocked & WEIR_BLOCKED_PAUSED) != 0)
        return weir_error_set(error, WEIR_STATE, "reactor '%s' is paused; resume it first", name);
    if ((reactor->blocked & WEIR_BLOCKED_HALTED) != 0)
        return weir_error_set(error, WEIR_STATE, "reactor '%s' has halted", name);
    if ((reactor->blocked & WEIR_BLOCKED_SINK) != 0)
        return weir_error_set(error, WEIR_AGAIN,
                              "reactor '%s' is held: a sink that it writes to is not ready", name);
    return WEIR_OK;
}

/* The cell to fire: the only one, or that of `key`, made if `make`. */
static weir_status choose_cell(weir_reactor *reactor, const void *key, bool make,
                               weir_reactor_cell **ret, weir_error **error)
{
    weir_status status = check_live(reactor, error);

    if (status == WEIR_OK)
        status = find_cell(reactor, key, make, ret, error);
    if (status == WEIR_OK && (*ret)->retry != NULL)
        status = weir_error_set(error, WEIR_AGAIN,
                                "reactor '%s' is held: a failed firing is to be tried again",
                                reactor->module->name);
    return status;
}

static weir_status fire(weir_reactor *reactor, weir_reactor_cell *cell, weir_error **error)
{
    uint64_t missing = reactor->required_mask & ~weir_cell_present(reactor, cell);

    if (missing != 0)
        return weir_error_set(error, WEIR_STATE, "reactor '%s': its input '%s' has no value yet",
                              reactor->module->name,
                              reactor->inputs[__builtin_ctzll(missing)].name);
    const weir_failure *failure = weir_reactor_fire_by_hand(reactor, cell);
    if (failure == NULL)
        return WEIR_OK;
    return weir_error_set(error, WEIR_FAILED, "reactor '%s': a graph failed: %s",
                          reactor->module->name, failure->message);
}

weir_status weir_runtime_fire(weir_runtime *runtime, const char *name, const void *key,
                              weir_error **error)
{
    weir_reactor *reactor = find_reactor(runtime, name, error);
    weir_reactor_cell *cell;

    if (reactor == NULL)
        return WEIR_NOT_FOUND;
    weir_status status = begin(runtime, error);
    if (status == WEIR_OK)
        status = choose_cell(reactor, key, false, &cell, error);
    if (status != WEIR_OK)
        return status;
    status = fire(reactor, cell, error);
    finish(runtime);
    return status;
}

/* The index of the input of that name, or WEIR_NONE. */
static uint32_t input_named(const weir_reactor *reactor, const char *name)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++)
        if (strcmp(reactor->inputs[i].name, name) == 0)
            return i;
    return WEIR_NONE;
}

/* Everything that may be refused is, before the cache is touched. What all keys share need not be
 * given. */
static weir_status check_values(const weir_reactor *reactor, const weir_named_value *values,
                                size_t count, weir_error **error)
{
    const char *name = reactor->module->name;
    uint64_t given = 0, needed = reactor->required_mask;

    if (count == 0)
        return weir_error_set(error, WEIR_INVALID,
                              "reactor '%s': no value is given; weir_runtime_fire fires on what is "
                              "there",
                              name);
    for (size_t v = 0; v < count; v++) {
        uint32_t i = input_named(reactor, values[v].input);
        if (i == WEIR_NONE)
            return weir_error_set(error, WEIR_NOT_FOUND, "reactor '%s' has no input '%s'", name,
                                  values[v].input);
        const weir_reactor_input *input = &reactor->inputs[i];
        if ((given >> i & 1) != 0)
            return weir_error_set(error, WEIR_INVALID, "reactor '%s': input '%s' is given twice",
                                  name, input->name);
        if (input->item_size != 0 && values[v].count > weir_input_max_items(input))
            return weir_error_set(error, WEIR_LIMIT, "input '%s' holds at most %zu items",
                                  input->name, weir_input_max_items(input));
        given |= 1ull << i;
    }
    if (reactor->key_words != 0)
        needed &= reactor->keyed_mask;
    if ((needed & ~given) != 0)
        return weir_error_set(error, WEIR_INVALID, "reactor '%s' needs its input '%s'", name,
                              reactor->inputs[__builtin_ctzll(needed & ~given)].name);
    return WEIR_OK;
}

static void keep(weir_reactor *reactor, weir_reactor_cell *cell, const weir_named_value *value)
{
    weir_window window = {value->value, value->count};
    uint32_t input = input_named(reactor, value->input);
    bool is_window = reactor->inputs[input].item_size != 0;

    weir_cell_keep(reactor, cell, input, is_window ? &window : value->value);
}

weir_status weir_runtime_fire_with(weir_runtime *runtime, const char *name, const void *key,
                                   const weir_named_value *values, size_t count, weir_error **error)
{
    weir_reactor *reactor = find_reactor(runtime, name, error);
    weir_reactor_cell *cell;

    if (reactor == NULL)
        return WEIR_NOT_FOUND;
    weir_status status = begin(runtime, error);
    if (status == WEIR_OK)
        status = check_values(reactor, values, count, error);
    if (status == WEIR_OK)
        status = choose_cell(reactor, key, true, &cell, error);
    if (status != WEIR_OK)
        return status;
    weir_cell_clear(reactor, cell);
    for (size_t v = 0; v < count; v++)
        keep(reactor, cell, &values[v]);
    status = fire(reactor, cell, error);
    weir_route_ask_later(runtime, reactor, NULL); /* what was missing may be there now */
    finish(runtime);
    return status;
}

/* --- Accumulators --- */

weir_status weir_runtime_flush(weir_runtime *runtime, const char *name, weir_error **error)
{
    weir_accumulator_work *work = find_accumulator(runtime, name, error);

    if (work == NULL)
        return WEIR_NOT_FOUND;
    weir_status status = begin(runtime, error);
    if (status != WEIR_OK)
        return status;
    if (work->accumulator.kind->flush == NULL)
        return weir_error_set(error, WEIR_INVALID,
                              "accumulator '%s' keeps nothing that could be flushed", name);
    weir_flush_cells(work);
    finish(runtime);
    return WEIR_OK;
}

weir_status weir_runtime_inject(weir_runtime *runtime, const char *name, const void *value,
                                weir_error **error)
{
    weir_accumulator_work *work = find_accumulator(runtime, name, error);

    if (work == NULL)
        return WEIR_NOT_FOUND;
    weir_status status = begin(runtime, error);
    if (status != WEIR_OK)
        return status;
    if (!weir_route_inject(work, value))
        return weir_error_set(error, WEIR_FULL,
                              "accumulator '%s': what would come of the event finds no place; too "
                              "much waits already, or firing is held",
                              name);
    finish(runtime);
    return WEIR_OK;
}

/* --- Time --- */

weir_status weir_runtime_advance(weir_runtime *runtime, int64_t time, weir_error **error)
{
    weir_status status = begin(runtime, error);

    if (status != WEIR_OK)
        return status;
    if (runtime->config.mode != WEIR_MODE_TEST)
        return weir_error_set(error, WEIR_STATE,
                              "time can be moved by hand in WEIR_MODE_TEST only");
    weir_run_timers(runtime, time);
    weir_clock_advance(&runtime->clock, time);
    finish(runtime);
    return WEIR_OK;
}
