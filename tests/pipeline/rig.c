/* SPDX-License-Identifier: Apache-2.0 */
/* rig.c - drives a pipeline by a script and checks what it has done; the tables are in rig_spec.c.
 */
#include "tests/pipeline/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "sources/channel.h"
#include "tests/pipeline/rig_spec.h"

/* --- The record --- */

static void on_item(const void *value, void *arg)
{
    const rig_tap *tap = arg;
    const rig_item *item = value;

    weir_buffer_printf(&tap->rig->record, "%s=%lld ", tap->name, (long long)item->id);
}

/* "unpaired: its queue is full" is told by its first word. */
static int reason_size(const rig_world *rig, const char *reason)
{
    if (rig->terse && strncmp(reason, "the c", 5) == 0)
        return 3;
    return (int)strcspn(reason, ":");
}

/* In a generated module the graphs of r are r_0 and r_1, here r and r.1. */
static void write_node(weir_buffer *record, const char *node)
{
    const char *part = strchr(node, '_');

    if (part != NULL)
        weir_buffer_printf(record, " in %.*s%s%s", (int)(part - node), node,
                           part[1] == '0' ? "" : ".1", part + 2);
    else if (node[0] != '\0')
        weir_buffer_printf(record, " in %s", node);
}

static void on_dead(const void *value, void *arg)
{
    const rig_tap *tap = arg;
    const weir_dead_letter *letter = value;
    const char *id = strstr((const char *)letter->raw, "\"id\":");
    weir_buffer *record = &tap->rig->record;

    weir_buffer_printf(record, "%s(%s%lld %.*s", tap->name, letter->source,
                       id != NULL ? strtoll(id + 5, NULL, 10) : -1,
                       reason_size(tap->rig, letter->reason), letter->reason);
    write_node(record, letter->node);
    if (letter->firing != 0)
        weir_buffer_printf(record, "#%llu", (unsigned long long)letter->firing);
    weir_buffer_text(record, ") ");
}

/* --- Life --- */

/* The error is read after the call that is the other argument. */
static void must(weir_status status, weir_error *const *error)
{
    if (status != WEIR_OK)
        fail_msg("%s: %s", weir_status_text(status),
                 *error != NULL ? weir_error_message(*error) : "");
}

static const weir_source_kind *const sources[] = {&rig_history, &rig_log, &rig_limits_kind};
static const weir_sink_kind *const sinks[] = {&rig_gate};
const weir_kinds *const rig_kinds = &(const weir_kinds){
    .generation = WEIR_GENERATION,
    .sources = sources,
    .source_count = sizeof sources / sizeof *sources,
    .sinks = sinks,
    .sink_count = 1,
};

void rig_open(rig_world *rig, const rig_spec *spec)
{
    weir_error *error = NULL;

    rig->spec = spec;
    rig->thread = pthread_self();
    rig_commits = &rig->record;
    rig->tables = calloc(1, sizeof *rig->tables);
    assert_non_null(rig->tables);
    rig_fill_tables(rig->tables, spec);
    if (rig->module == NULL)
        rig->module = &rig->tables->module;
    rig_limits_seen = rig->limits;
    for (uint32_t i = 0; rig->limits != NULL && i < rig->tables->module.source_count; i++)
        rig->tables->sources[i].type = &rig->limits->type;
    if (rig->config.mode == WEIR_MODE_LIVE && !rig->live)
        rig->config.mode = WEIR_MODE_TEST;
    rig->config.kinds = rig_kinds;
    must(weir_runtime_new(&rig->config, &rig->runtime, &error), &error);
    weir_runtime_set_user(rig->runtime, rig);
    must(weir_runtime_load(rig->runtime, rig->module, &error), &error);
    for (size_t i = 0; i < RIG_ROOM && spec->sinks[i] != NULL; i++) {
        bool dead = strncmp(rig->tables->sinks[i].name, "dead", 4) == 0;
        rig->taps[i] = (rig_tap){rig, rig->tables->sinks[i].name};
        must(weir_runtime_on(rig->runtime, rig->module, rig->tables->sinks[i].name,
                             dead ? on_dead : on_item, &rig->taps[i], &error),
             &error);
    }
}

void rig_close(rig_world *rig)
{
    weir_runtime_free(rig->runtime);
    weir_buffer_free(&rig->record);
    free(rig->tables);
}

/* --- The script --- */

static uint32_t source_named(const rig_world *rig, const char *name)
{
    for (uint32_t i = 0; i < rig->tables->module.source_count; i++)
        if (strcmp(rig->tables->sources[i].name, name) == 0)
            return i;
    fail_msg("the script names a source '%s' that is not there", name);
    return 0;
}

void rig_turn(rig_world *rig)
{
    weir_error *error = NULL;

    do {
        weir_status status = rig->ended ? WEIR_CLOSED : weir_runtime_poll(rig->runtime, &error);
        rig->ended = rig->ended || status != WEIR_OK;
        if (status != WEIR_OK && rig->outcome == WEIR_OK && status != WEIR_CLOSED) {
            rig->outcome = status;
            snprintf(rig->error, sizeof rig->error, "%s", weir_error_message(error));
        }
    } while (!rig->ended && weir_loop_has_more(rig->runtime));
    weir_error_free(error);
}

/* 12k7@500 */
static rig_item read_item(const char *text)
{
    rig_item item = {.id = strtoll(text, (char **)(uintptr_t)&text, 10)};

    if (*text == 'k')
        item.key = strtoll(text + 1, (char **)(uintptr_t)&text, 10);
    if (*text == '@')
        item.time = strtoll(text + 1, (char **)(uintptr_t)&text, 10);
    if (*text != '\0')
        fail_msg("the script has an item '%s'", text);
    return item;
}

static int64_t read_time(const char *text)
{
    int64_t number = strtoll(text, (char **)(uintptr_t)&text, 10);

    if (strcmp(text, "ms") == 0)
        return number * 1000000;
    if (strcmp(text, "s") == 0)
        return number * 1000000000;
    return number;
}

static void move_clock(rig_world *rig, int64_t by)
{
    weir_error *error = NULL;

    must(weir_runtime_advance(rig->runtime, rig->runtime->clock.now + by, &error), &error);
}

/* The items of 1,2k7,3, each behind `mark`. */
static size_t read_items(char *text, const char *mark, rig_item *items, size_t most)
{
    char *rest = NULL;
    size_t count = 0;

    for (char *one = strtok_r(text, mark, &rest); one != NULL; one = strtok_r(NULL, mark, &rest)) {
        assert_true(count < most);
        items[count++] = read_item(one);
    }
    return count;
}

static void push(rig_world *rig, const char *word)
{
    size_t name = strcspn(word, "0123456789");
    char source[64], list[1024];
    weir_error *error = NULL;
    rig_item items[64];

    snprintf(source, sizeof source, "%.*s", (int)name, word);
    snprintf(list, sizeof list, "%s", word + name);
    size_t count = read_items(list, ",", items, 64);
    weir_status status = weir_runtime_push(rig->runtime, rig->module, source_named(rig, source),
                                           items, count, &error);
    if (status != WEIR_OK)
        weir_buffer_printf(&rig->record, "%s:%s ", word, weir_status_text(status));
    weir_error_free(error);
    /* What is pushed later has a later stamp. */
    if (!rig->live && !rig->still && !rig->ended)
        move_clock(rig, 1);
}

static void close_all(rig_world *rig)
{
    weir_error *error = NULL;

    for (uint32_t i = 0; i < rig->tables->module.source_count; i++)
        if (strcmp(rig->tables->sources[i].kind, "channel") == 0)
            must(weir_runtime_close(rig->runtime, rig->module, i, &error), &error);
}

static weir_status fire(rig_world *rig, char *name, weir_error **error)
{
    char *comma = strchr(name, ',');
    rig_item key = {.key = comma != NULL ? strtoll(comma + 1, NULL, 10) : 0};

    if (comma != NULL)
        *comma = '\0';
    return weir_runtime_fire(rig->runtime, name, comma != NULL ? &key : NULL, error);
}

/* fire_with:r,7,a=1,w=2+3 */
static weir_status fire_with(rig_world *rig, char *text, weir_error **error)
{
    weir_named_value values[RIG_ROOM];
    rig_item items[RIG_ROOM][4], key = {0};
    size_t count = 0;
    char *rest = NULL, *name = strtok_r(text, ",", &rest);
    bool keyed = false;

    for (char *part; (part = strtok_r(NULL, ",", &rest)) != NULL;) {
        char *equals = strchr(part, '=');
        if (equals == NULL) {
            keyed = true;
            key.key = strtoll(part, NULL, 10);
            continue;
        }
        *equals = '\0';
        size_t size = read_items(equals + 1, "+", items[count], 4);
        values[count] = (weir_named_value){part, items[count], size};
        count++;
    }
    return weir_runtime_fire_with(rig->runtime, name, keyed ? &key : NULL, values, count, error);
}

static weir_status inject(rig_world *rig, char *text, weir_error **error)
{
    char *comma = strchr(text, ',');

    *comma = '\0';
    rig_item item = read_item(comma + 1);
    return weir_runtime_inject(rig->runtime, text, &item, error);
}

/* verb:argument; what is refused enters the record. */
static void command(rig_world *rig, char *word)
{
    char *colon = strchr(word, ':'), *argument = colon + 1;
    weir_error *error = NULL;
    weir_status status = WEIR_STATE;

    *colon = '\0';
    if (strcmp(word, "pause") == 0)
        status = weir_runtime_pause(rig->runtime, argument, &error);
    else if (strcmp(word, "resume") == 0)
        status = weir_runtime_resume(rig->runtime, argument, &error);
    else if (strcmp(word, "flush") == 0)
        status = weir_runtime_flush(rig->runtime, argument, &error);
    else if (strcmp(word, "fire") == 0)
        status = fire(rig, argument, &error);
    else if (strcmp(word, "fire_with") == 0)
        status = fire_with(rig, argument, &error);
    else if (strcmp(word, "inject") == 0)
        status = inject(rig, argument, &error);
    else
        fail_msg("the script has a verb '%s'", word);
    if (status != WEIR_OK)
        weir_buffer_printf(&rig->record, "%s:%s ", word, weir_status_text(status));
    weir_error_free(error);
}

static void run_word(rig_world *rig, char *word)
{
    if (strcmp(word, ";") == 0)
        rig_turn(rig);
    else if (strcmp(word, "close") == 0)
        close_all(rig);
    else if (strcmp(word, "stop") == 0)
        weir_runtime_stop(rig->runtime);
    else if (strcmp(word, "shut") == 0 || strcmp(word, "open") == 0)
        rig_gate_shut = strcmp(word, "shut") == 0;
    else if (word[0] == '+')
        move_clock(rig, read_time(word + 1));
    else if (strchr(word, ':') != NULL)
        command(rig, word);
    else
        push(rig, word);
}

void rig_run(rig_world *rig, const char *script)
{
    char *copy = strdup(script), *rest = NULL;

    assert_non_null(copy);
    for (char *word = strtok_r(copy, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest))
        run_word(rig, word);
    free(copy);
}

/* --- Checks --- */

void rig_expect(rig_world *rig, const char *expected)
{
    const char *got = rig->record.data != NULL ? rig->record.data : "";
    size_t size = strlen(got);

    if (size != 0 && got[size - 1] == ' ')
        size--;
    if (size != strlen(expected) || memcmp(got, expected, size) != 0)
        fail_msg("expected: %s | came: %s", expected, got);
    rig->record.size = 0;
    if (rig->record.data != NULL)
        rig->record.data[0] = '\0';
    rig_check_ledgers(rig);
}

void rig_ledger_text(const weir_ledger *ledger, char *text, size_t size)
{
    const struct {
        const char *name;
        uint64_t count;
    } parts[] = {
        {"fired", ledger->fired},
        {"kept", ledger->kept},
        {"filtered", ledger->filtered},
        {"collapsed", ledger->collapsed},
        {"dropped", ledger->dropped},
        {"dead", ledger->dead},
        {"waiting", weir_ledger_waiting(ledger)},
    };
    const char *separator = " = ";
    int at = snprintf(text, size, "%llu", (unsigned long long)ledger->received);

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].count == 0)
            continue;
        at += snprintf(text + at, size - (size_t)at, "%s%llu %s", separator,
                       (unsigned long long)parts[i].count, parts[i].name);
        separator = ", ";
    }
}

void rig_ledger_of(rig_world *rig, const char *source, char *text, size_t size)
{
    weir_source *from = &rig->runtime->programs->sources[source_named(rig, source)].source;

    if (strcmp(from->kind->base.name, "channel") == 0)
        weir_channel_count(from);
    rig_ledger_text(&from->origin.ledger, text, size);
}

void rig_expect_ledger(rig_world *rig, const char *source, const char *expected)
{
    char text[256];

    rig_ledger_of(rig, source, text, sizeof text);
    if (strcmp(text, expected) != 0)
        fail_msg("ledger of %s: expected: %s | is: %s", source, expected, text);
}

/* What the ledgers call waiting is counted where it waits: in the source, or under a ticket. */
void rig_check_ledgers(rig_world *rig)
{
    const weir_program *program = rig->runtime->programs;

    for (uint32_t i = 0; i < program->module->source_count; i++) {
        weir_source *source = &program->sources[i].source;
        uint64_t waiting = source->origin.in_flight + (source->span.count - source->taken) +
                           source->refusal.waiting;
        if (strcmp(source->kind->base.name, "channel") == 0)
            waiting += weir_channel_count(source);
        if (waiting != weir_ledger_waiting(&source->origin.ledger))
            fail_msg("source %s: %llu wait, its ledger says %llu", source->module->name,
                     (unsigned long long)waiting,
                     (unsigned long long)weir_ledger_waiting(&source->origin.ledger));
    }
    for (uint32_t i = 0; i < program->module->accumulator_count; i++) {
        const weir_origin *origin = &program->accumulators[i].accumulator.origin;
        assert_int_equal(origin->in_flight, weir_ledger_waiting(&origin->ledger));
    }
}

const weir_reactor_report *rig_report(rig_world *rig, const char *reactor, weir_report **ret)
{
    weir_error *error = NULL;

    must(weir_runtime_metrics(rig->runtime, ret, &error), &error);
    for (size_t i = 0; i < (*ret)->reactor_count; i++)
        if (strcmp((*ret)->reactors[i].name, reactor) == 0)
            return &(*ret)->reactors[i];
    fail_msg("no report of '%s'", reactor);
    return NULL;
}

static void set_fails(rig_world *rig, const char *text)
{
    while (text != NULL && *text != '\0') {
        int id, count, used;
        assert_int_equal(sscanf(text, "%dx%d%n", &id, &count, &used), 2);
        rig->fails[id] = (uint8_t)count;
        text += used + (text[used] == ' ');
    }
}

static void expect_ledgers(rig_world *rig, const char *text)
{
    char *copy = strdup(text), *rest = NULL;

    for (char *one = strtok_r(copy, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest)) {
        one += *one == ' ';
        char *colon = strchr(one, ':');
        *colon = '\0';
        rig_expect_ledger(rig, one, colon + 2);
    }
    free(copy);
}

void rig_check(const rig_case *test)
{
    rig_world rig = {
        .false_ids = test->false_ids, .bad_ids = test->bad_ids, .fails_in = test->fails_in};

    print_message("  %s\n", test->name);
    rig_gate_shut = false;
    set_fails(&rig, test->fails);
    rig_open(&rig, &test->spec);
    rig_run(&rig, test->script);
    rig_expect(&rig, test->record);
    if (test->ledgers != NULL)
        expect_ledgers(&rig, test->ledgers);
    if (test->then != RIG_ANY && rig.ended != (test->then == RIG_ENDED))
        fail_msg("the runtime has %s", rig.ended ? "ended" : "not ended");
    rig_close(&rig);
}
