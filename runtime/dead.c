/* SPDX-License-Identifier: Apache-2.0 */
/* dead.c - dead letters: what could not be decoded, found no place or failed for good (rule E19).
 */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "runtime/runtime.h"
#include "wire/values.h"

static const int64_t log_every = 60000000000;

/* The member is zeroed. What is too long is cut, at a whole character; bytes that are no UTF-8 (a
 * node's reason may hold anything) become question marks, so that every letter can be written. */
static void set_text(char *member, size_t capacity, const char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    unsigned char *bytes = (unsigned char *)member, *fault;

    if (size >= capacity) {
        size = capacity - 1;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
            size--;
    }
    if (size != 0)
        memcpy(member, text, size);
    while ((fault = (unsigned char *)(uintptr_t)wire_utf8_fault(bytes, bytes + size)) != NULL)
        *fault = '?';
}

/* The bytes as they were read; else the value as JSON, marked. */
static void set_raw(weir_dead_letter *letter, const weir_dead *dead)
{
    static const char mark[] = "re-encoded: ";
    weir_buffer buffer = {0};
    weir_slice raw = dead->raw;
    weir_wire_error error;

    if (raw.size == 0 && dead->type != NULL && dead->value != NULL) {
        weir_buffer_text(&buffer, mark);
        if (weir_encode(dead->type, WEIR_FORMAT_JSON, dead->value, &buffer, &error) == WEIR_OK) {
            const void *data = buffer.data;
            raw = (weir_slice){data, buffer.size};
        }
    }
    letter->raw_size = (uint32_t)(raw.size < sizeof letter->raw ? raw.size : sizeof letter->raw);
    if (letter->raw_size != 0)
        memcpy(letter->raw, raw.data, letter->raw_size);
    weir_buffer_free(&buffer);
}

static uint64_t mix(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash * 0x100000001b3u;
}

/* A cause is a place and the beginning of a reason, without the numbers in it. */
static uint64_t cause_of(const weir_dead *dead)
{
    const char *parts[] = {dead->program->module->name, dead->source, dead->graph, dead->node};
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] != NULL)
            hash = mix(hash, parts[i], strlen(parts[i]));
    return mix(hash, dead->reason, strcspn(dead->reason, "0123456789:"));
}

/* Whether a line of this cause is due; of many causes the one that was logged longest ago is
 * forgotten. */
static bool may_log(weir_runtime *runtime, uint64_t cause)
{
    int64_t now = weir_monotonic_now();
    weir_logged *place = &runtime->logged[0];

    for (size_t i = 0; i < sizeof runtime->logged / sizeof *runtime->logged; i++) {
        weir_logged *logged = &runtime->logged[i];
        if (logged->time != 0 && logged->cause == cause) {
            place = logged;
            break;
        }
        if (logged->time < place->time)
            place = logged;
    }
    if (place->time != 0 && place->cause == cause && now - place->time < log_every)
        return false;
    *place = (weir_logged){cause, now};
    return true;
}

/* Without a sink a dead letter is a log line, at most one a minute and cause. */
static void log_letter(weir_runtime *runtime, const weir_dead *dead)
{
    if (!may_log(runtime, cause_of(dead)))
        return;
    weir_runtime_log(runtime, WEIR_WARNING, "sources", dead->source,
                     "an event at position %lld became a dead letter%s%s: %s (%llu so far; name a "
                     "sink under 'dead_letters:' to keep them)",
                     (long long)dead->position, dead->graph != NULL ? " in graph " : "",
                     dead->graph != NULL ? dead->graph : "", dead->reason,
                     (unsigned long long)runtime->dead_letters);
}

/* The message that the event was read from; false: its source keeps none, or not any more. */
static bool find_original(const weir_dead *dead, weir_original *ret)
{
    const weir_program *program = dead->program;

    for (uint32_t i = 0; i < program->module->source_count; i++) {
        weir_source *source = &program->sources[i].source;
        if (strcmp(source->module->name, dead->source) == 0 && source->kind->original != NULL &&
            source->state != NULL)
            return source->kind->original(source, dead->partition, dead->position, ret);
    }
    return false;
}

void weir_dead_letter_send(weir_runtime *runtime, const weir_dead *dead)
{
    weir_dead_letter letter;
    char node[160] = "";

    runtime->dead_letters++;
    if (dead->sink == WEIR_NO_SINK)
        log_letter(runtime, dead);
    if (dead->sink < 0 && runtime->config.dead_letter == NULL)
        return;
    memset(&letter, 0, sizeof letter);
    if (dead->graph != NULL)
        snprintf(node, sizeof node, "%s%s%s", dead->graph, dead->node != NULL ? "." : "",
                 dead->node != NULL ? dead->node : "");
    set_text(letter.source, sizeof letter.source, dead->source);
    set_text(letter.reason, sizeof letter.reason, dead->reason);
    set_text(letter.node, sizeof letter.node, node);
    set_text(letter.inputs, sizeof letter.inputs, dead->inputs);
    letter.partition = dead->partition;
    letter.position = dead->position;
    letter.time = dead->time != INT64_MIN ? dead->time : 0;
    letter.firing = dead->firing;
    set_raw(&letter, dead);
    if (runtime->config.dead_letter != NULL)
        runtime->config.dead_letter(&letter, runtime->config.dead_letter_arg);
    if (dead->sink < 0)
        return;
    weir_sink_work *sink = &dead->program->sinks[dead->sink];
    weir_original original;
    bool there = find_original(dead, &original);
    weir_failure failure;
    weir_firing firing = {.now = runtime->clock.now, .failure = &failure};
    if (weir_sink_bury(sink, &firing, &letter, there ? &original : NULL) != WEIR_OK)
        weir_runtime_log(runtime, WEIR_ERROR, "sinks", sink->sink.module->name, "%s",
                         failure.message);
}

/* --- Where they come from --- */

/* The sink of the source that the event came from, or the program's. */
static int sink_of(const weir_program *program, const weir_origin *origin)
{
    for (uint32_t i = 0; i < program->module->source_count; i++)
        if (&program->sources[i].source.origin == origin)
            return program->sources[i].sink;
    return program->dead_sink;
}

static void send_of(weir_ticket *ticket, void *arg)
{
    weir_dead *dead = arg;
    const weir_event *event = dead->program->runtime->event;

    dead->source = ticket->origin->name;
    dead->partition = ticket->partition;
    dead->position = ticket->position;
    dead->time = ticket->time;
    dead->sink = weir_dead_sink(dead->program, dead->own, sink_of(dead->program, ticket->origin));
    if (dead->taken)
        dead->raw = event != NULL && event->ticket == ticket ? event->raw : (weir_slice){NULL, 0};
    weir_dead_letter_send(dead->program->runtime, dead);
}

void weir_dead_of_ticket(weir_dead *dead, weir_ticket *ticket, uint32_t burial)
{
    weir_ticket_walk(ticket, burial, send_of, dead);
}

void weir_dead_of_event(weir_accumulator_work *work, const weir_event *event, const char *reason)
{
    weir_dead dead = {.program = work->program,
                      .source = event->origin->name,
                      .partition = event->partition,
                      .position = event->position,
                      .time = event->time,
                      .reason = reason,
                      .raw = event->raw,
                      .type = work->accumulator.module->type,
                      .value = event->value,
                      .sink = sink_of(work->program, event->origin)};

    if (event->ticket != NULL)
        weir_dead_of_ticket(&dead, event->ticket, ++work->program->runtime->burials);
    else
        weir_dead_letter_send(work->program->runtime, &dead);
}

void weir_dead_of_kept(weir_accumulator_work *work, const void *boundary, weir_ticket *ticket,
                       const char *reason)
{
    const weir_module_accumulator *module = work->accumulator.module;
    const weir_window *window = module->window ? boundary : NULL;
    uint32_t burial = ++work->program->runtime->burials;
    size_t i = 0;

    weir_dead whole = {.program = work->program, .reason = reason, .type = module->type};
    if (ticket->parts == NULL)
        weir_dead_of_ticket(&whole, ticket, burial);
    for (const weir_ticket_part *part = ticket->parts; part != NULL; part = part->next, i++) {
        weir_dead dead = whole;
        if (window != NULL && i < window->count)
            dead.value = (const unsigned char *)window->items + i * module->type->size;
        weir_dead_of_ticket(&dead, part->ticket, burial);
    }
}

void weir_dead_of_refusal(weir_source_work *work)
{
    weir_source *source = &work->source;
    weir_dead dead = {.program = work->program,
                      .source = source->module->name,
                      .partition = source->refusal.partition,
                      .position = source->refusal.position,
                      .time = INT64_MIN,
                      .reason = source->refusal.reason,
                      .raw = source->refusal.raw,
                      .sink = work->sink};

    source->refusal.waiting = false;
    weir_dead_letter_send(work->program->runtime, &dead);
    weir_ledger_add(&source->origin.ledger, WEIR_DEAD, 1);
    work->undecodable++;
    if (source->origin.commits)
        source->origin.partitions[source->origin.place].next = dead.position + 1;
}

static weir_program *program_of(const weir_reactor *reactor)
{
    return reactor->host_arg;
}

static const weir_type *type_of(const weir_reactor *reactor, uint32_t input)
{
    const weir_module *module = program_of(reactor)->module;

    return module->accumulators[reactor->module->inputs[input].accumulator].boundary;
}

/* The inputs of a failed firing as one JSON object. */
static void write_inputs(const weir_reactor *reactor, const void *const *inputs,
                         weir_buffer *buffer)
{
    weir_wire_error error;
    char separator = '{';

    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        if (inputs[i] == NULL || reactor->inputs[i].item_size != 0)
            continue;
        weir_buffer_printf(buffer, "%c\"%s\":", separator, reactor->inputs[i].name);
        if (weir_encode(type_of(reactor, i), WEIR_FORMAT_JSON, inputs[i], buffer, &error) !=
            WEIR_OK)
            weir_buffer_text(buffer, "null");
        separator = ',';
    }
    weir_buffer_text(buffer, separator == '{' ? "{}" : "}");
}

int weir_dead_sink(const weir_program *program, const char *name, int otherwise)
{
    if (name == NULL)
        return otherwise;
    for (uint32_t i = 0; i < program->module->sink_count; i++)
        if (strcmp(program->module->sinks[i].name, name) == 0)
            return (int)i;
    return WEIR_SILENT;
}

static weir_dead describe(weir_reactor *reactor, const weir_death *death, const char *inputs)
{
    weir_dead dead = {.program = program_of(reactor),
                      .reason = death->reason,
                      .firing = death->firing != NULL ? death->firing->number : 0,
                      .inputs = inputs,
                      .type = type_of(reactor, death->input),
                      .own = death->graph != NULL ? death->graph->dead_letters : NULL,
                      .taken = true};

    if (death->inputs != NULL)
        dead.graph = death->graph != NULL ? death->graph->name : reactor->module->name;
    if (death->graph != NULL && death->node < death->graph->node_count)
        dead.node = death->graph->nodes[death->node].name;
    return dead;
}

static bool is_batch(const weir_reactor *reactor, const weir_death *death)
{
    uint32_t accumulator = reactor->module->inputs[death->input].accumulator;

    return death->ticket->origin ==
           &program_of(reactor)->accumulators[accumulator].accumulator.batches;
}

/* Of a batch each event becomes a dead letter of its own. */
static void dead_of_reactor(weir_reactor *reactor, const weir_death *death)
{
    const weir_reactor_input *input = &reactor->inputs[death->input];
    const weir_window *window = input->item_size != 0 ? death->value : NULL;
    const weir_ticket_part *part = is_batch(reactor, death) ? death->ticket->parts : NULL;
    weir_buffer inputs = {0};

    if (death->inputs != NULL)
        write_inputs(reactor, death->inputs, &inputs);
    weir_dead dead = describe(reactor, death, inputs.data);
    if (part == NULL) {
        dead.value = window == NULL ? death->value : NULL;
        weir_dead_of_ticket(&dead, death->ticket, death->burial);
    }
    for (size_t i = 0; part != NULL; part = part->next, i++) {
        dead.value = window != NULL && i < window->count
                         ? (const unsigned char *)window->items + i * input->item_size
                         : NULL;
        weir_dead_of_ticket(&dead, part->ticket, death->burial);
    }
    weir_buffer_free(&inputs);
}

static int64_t now_of_reactor(const weir_reactor *reactor)
{
    return program_of(reactor)->runtime->clock.now;
}

static void halt(weir_reactor *reactor, const char *graph, const char *reason)
{
    weir_runtime *runtime = program_of(reactor)->runtime;

    weir_reactor_hold(reactor, WEIR_BLOCKED_HALTED, true);
    if (runtime->error == NULL)
        weir_error_set(&runtime->error, WEIR_FAILED,
                       "graph '%s' failed and its 'on_error' is halt: %s", graph, reason);
    runtime->outcome = WEIR_FAILED;
    weir_runtime_stop(runtime);
}

const weir_reactor_host weir_runtime_reactor_host = {
    .now = now_of_reactor,
    .dead = dead_of_reactor,
    .fired = weir_flush_with,
    .halt = halt,
};
