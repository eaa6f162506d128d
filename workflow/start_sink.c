/* SPDX-License-Identifier: Apache-2.0 */
/* start_sink.c - the kind `workflow` of sink: each result starts an execution (rule F15).
 *
 * A result that the workflow does not take as its input fails its firing, before anything leaves.
 * What has left is started by a thread beside the loop (starter.h), and is safe when the store has
 * it: positions wait for that. Each start has a key. By default it names the module, the sink, the
 * node and the events that the firing took; so what comes again after a crash is not started twice.
 * Events that no run can read again (of a channel, a timer) are named together with this run.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/buffer.h"
#include "core/text.h"
#include "workflow/input.h"
#include "workflow/json.h"
#include "workflow/ledger.h"
#include "workflow/sink_options.h"
#include "workflow/starter.h"
#include <weir/sinks.h>
#include <weir/workflow.h>

enum { KEY_ROOM = 224 }; /* of a default key; the rest of LEDGER_KEY_LIMIT is for its number */

static const uint32_t NO_OUTLET = UINT32_MAX; /* of a result with a key of its own */

/* The newest start through an outlet. */
typedef struct newest {
    weir_digest key;
    uint32_t count; /* how many with that key in succession; 0: none yet */
} newest;

typedef struct start_sink {
    char what[96]; /* "sink 'starts'" */
    const workflow_sink_config *config;
    const weir_module *module;
    starter *starter;
    const plan *plan; /* the starter's */
    newest *newest;   /* by outlet; the last is that of dead letters */
    uint64_t run;     /* no other run has that number */
    uint64_t by_hand;
    uint32_t outlets;               /* of the module */
    const weir_dead_letter *letter; /* that is encoded; NULL: it is a result */
    weir_buffer scratch;
} start_sink;

/* In the sink's buffer; the key and the input follow, each with its NUL. */
typedef struct start_head {
    uint32_t size, key_size;
    uint32_t outlet;
} start_head;

/* --- Opening --- */

static weir_status check_workflow(const start_sink *state, const weir_sink *sink,
                                  weir_error **error)
{
    const char *name = state->config->workflow;
    weir_nearest nearest = {.wanted = name};
    char hint[128];

    for (uint32_t i = 0; i < state->module->workflow_count; i++) {
        if (strcmp(state->module->workflows[i].name, name) == 0)
            return WEIR_OK;
        weir_nearest_offer(&nearest, state->module->workflows[i].name);
    }
    return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                             "%s starts the workflow '%s', which its spec does not declare%s",
                             state->what, name, weir_nearest_hint(&nearest, hint, sizeof hint));
}

static const weir_field *find_field(const weir_type *type, const char *name)
{
    for (uint32_t i = 0; type != NULL && i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

/* What `weir check` has said of the spec's own settings holds for those of --set too. */
static weir_status check_fields(const start_sink *state, const weir_sink *sink, weir_error **error)
{
    const workflow_sink_config *config = state->config;

    for (size_t i = 0; i < config->input.count; i++)
        if (find_field(sink->type, config->input.items[i].text) == NULL)
            return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                                     "%s: '%s' of option 'input' is no field of '%s'", state->what,
                                     config->input.items[i].text, sink->type->name);
    if (config->key == NULL || find_field(sink->type, config->key) != NULL)
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                             "%s: '%s' of option 'key' is no field of '%s'", state->what,
                             config->key, sink->type->name);
}

/* A file is looked for from the spec's folder. */
static weir_status open_starter(start_sink *state, const weir_sink *sink, weir_error **error)
{
    static const char scheme[] = "sqlite:";
    const char *url = state->config->store;
    weir_buffer full = {0};
    char who[200];

    snprintf(who, sizeof who, "%s of '%.64s'", state->what, state->module->name);
    if (strncmp(url, scheme, strlen(scheme)) == 0 && url[strlen(scheme)] != '/' &&
        sink->folder != NULL)
        weir_buffer_printf(&full, "%s%s/%s", scheme, sink->folder, url + strlen(scheme));
    else
        weir_buffer_text(&full, url);
    weir_status status = full.failed
                             ? weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->what)
                             : starter_new(full.data, state->module, state->config->workflow, who,
                                           (size_t)state->config->buffer, &state->starter, error);
    weir_buffer_free(&full);
    return status;
}

static weir_status make_room(start_sink *state, weir_error **error)
{
    for (uint32_t i = 0; i < state->module->graph_count; i++)
        state->outlets += state->module->graphs[i].outlet_count;
    state->newest = weir_alloc_array((size_t)state->outlets + 1, sizeof *state->newest);
    if (state->newest == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->what);
    if (getrandom(&state->run, sizeof state->run, 0) != (ssize_t)sizeof state->run)
        return weir_error_set(error, WEIR_IO, "%s: no random number is to be had", state->what);
    return WEIR_OK;
}

static weir_status open_sink(weir_sink *sink, weir_error **error)
{
    start_sink *state = sink->state;

    state->config = sink->config;
    state->module = sink->host->module(sink);
    snprintf(state->what, sizeof state->what, "sink '%s'", sink->module->name);
    weir_status status = check_workflow(state, sink, error);
    if (status == WEIR_OK)
        status = check_fields(state, sink, error);
    if (status == WEIR_OK)
        status = make_room(state, error);
    if (status == WEIR_OK)
        status = open_starter(state, sink, error);
    if (status != WEIR_OK)
        return status;
    state->plan = starter_plan(state->starter);
    sink->host->watch(sink, starter_descriptor(state->starter));
    return WEIR_OK;
}

/* --- The input --- */

static weir_status refuse(weir_wire_error *wrong, const char *path, weir_error *why)
{
    *wrong = (weir_wire_error){.status = WEIR_ENCODE};
    snprintf(wrong->path, sizeof wrong->path, "%s", path);
    snprintf(wrong->message, sizeof wrong->message, "%s",
             why != NULL ? weir_error_message(why) : "out of memory");
    weir_error_free(why);
    return WEIR_ENCODE;
}

/* The result as JSON. */
static json_t *read_value(start_sink *state, const weir_sink *sink, const void *value,
                          weir_wire_error *wrong)
{
    char reason[160] = "";
    weir_error *why = NULL;

    state->scratch.size = 0;
    state->scratch.failed = false;
    if (weir_encode(sink->type, WEIR_FORMAT_JSON, value, &state->scratch, wrong) != WEIR_OK)
        return NULL;
    json_t *all = json_from_text(state->scratch.data, reason, sizeof reason);
    if (all == NULL) {
        weir_error_set(&why, WEIR_ENCODE, "%s", reason);
        refuse(wrong, "", why);
    }
    return all;
}

/* A key of the input as it stands on the wire. */
static const char *wire_of(const weir_type *type, const char *name)
{
    const weir_field *field = find_field(type, name);

    return field != NULL ? field->wire : name;
}

static bool move(json_t *to, const char *key, const json_t *all, const char *from)
{
    json_t *value = json_object_get(all, from);

    return value == NULL || json_object_set(to, key, value) == 0;
}

/* What the workflow is given of a result. NULL: out of memory. */
static json_t *choose(const start_sink *state, const weir_type *type, const json_t *all)
{
    const weir_pairs *pairs = &state->config->input;
    const weir_type *input = state->plan->input;
    json_t *chosen = json_object();
    bool good = chosen != NULL;

    for (size_t i = 0; i < pairs->count && good; i++)
        good = move(chosen, wire_of(input, pairs->items[i].name), all,
                    wire_of(type, pairs->items[i].text));
    for (uint32_t i = 0; pairs->count == 0 && i < type->field_count && good; i++)
        good = move(chosen, wire_of(input, type->fields[i].name), all, type->fields[i].wire);
    if (!good) {
        json_decref(chosen);
        return NULL;
    }
    return chosen;
}

/* As it is stored. NULL: `wrong` says why. */
static char *make_input(const start_sink *state, const weir_type *type, const json_t *all,
                        weir_wire_error *wrong)
{
    json_t *chosen = choose(state, type, all);
    char *text = json_to_text(chosen), *input = NULL;
    weir_error *why = NULL;

    json_decref(chosen);
    if (text == NULL || input_read(state->plan, text, &input, &why) != WEIR_OK)
        refuse(wrong, "", why);
    weir_free(text);
    return input;
}

/* --- The key --- */

/* The events that a firing took: one of them, or the digest of all. */
typedef struct events_text {
    const start_sink *state;
    weir_digest sum;
    uint32_t count;
    char first[400];
} events_text;

static void add_event(void *arg, const weir_taken *event)
{
    events_text *text = arg;
    char own[400];

    if (event->name != NULL)
        snprintf(own, sizeof own, "%s:%s", event->source, event->name);
    else
        snprintf(own, sizeof own, "%s:%d:%lld in run %016llx", event->source, (int)event->partition,
                 (long long)event->position, (unsigned long long)text->state->run);
    weir_digest_add_text(&text->sum, own);
    if (text->count++ == 0)
        memcpy(text->first, own, sizeof own);
}

/* One that is too long ends in its digest. */
static void cut_key(char *key, size_t length)
{
    weir_digest sum = WEIR_DIGEST_START;
    char digest[WEIR_DIGEST_TEXT];

    if (length < KEY_ROOM)
        return;
    weir_digest_add_text(&sum, key);
    size_t at = KEY_ROOM - WEIR_DIGEST_TEXT - 3;
    while (((unsigned char)key[at] & 0xc0) == 0x80) /* no character is torn */
        at--;
    sprintf(key + at, "..%s", weir_digest_print(sum, digest));
}

static void write_key(start_sink *state, const weir_sink *sink, const weir_provenance *from,
                      const events_text *events, weir_buffer *key)
{
    weir_digest sum = WEIR_DIGEST_START;
    char digest[WEIR_DIGEST_TEXT];

    weir_buffer_printf(key, "%s/%s/%s.%s/", state->module->name, sink->module->name, from->graph,
                       from->node);
    if (events->count == 0)
        weir_buffer_printf(key, "by hand %llu in run %016llx", (unsigned long long)++state->by_hand,
                           (unsigned long long)state->run);
    else
        weir_buffer_text(key, events->first);
    if (events->count > 1)
        weir_buffer_printf(key, " and %u more %s", events->count - 1,
                           weir_digest_print(events->sum, digest));
    if (from->key.size != 0) {
        weir_digest_add(&sum, from->key.data, from->key.size);
        weir_buffer_printf(key, " key %016llx", (unsigned long long)sum.a);
    }
}

/* A dead letter names its event itself. */
static void ask_letter(start_sink *state, weir_sink *sink, weir_provenance *from,
                       events_text *events)
{
    const weir_dead_letter *letter = state->letter;
    char name[256];
    bool named = sink->host->identify(sink, letter->source, letter->partition, letter->position,
                                      name, sizeof name);

    *from =
        (weir_provenance){.graph = "dead letter", .node = letter->node, .outlet = state->outlets};
    add_event(events, &(weir_taken){.source = letter->source,
                                    .partition = letter->partition,
                                    .position = letter->position,
                                    .name = named ? name : NULL});
}

static weir_status append_default_key(start_sink *state, weir_sink *sink, uint32_t *ret_outlet,
                                      weir_buffer *out)
{
    events_text events = {.state = state, .sum = WEIR_DIGEST_START};
    weir_provenance from;
    weir_buffer key = {0};

    if (state->letter != NULL)
        ask_letter(state, sink, &from, &events);
    else
        sink->host->provenance(sink, &from, add_event, &events);
    *ret_outlet = from.outlet;
    write_key(state, sink, &from, &events, &key);
    if (!key.failed) {
        cut_key(key.data, key.size);
        weir_buffer_text(out, key.data);
    }
    bool good = !key.failed && !out->failed;
    weir_buffer_free(&key);
    return good ? WEIR_OK : WEIR_NOMEM;
}

/* Of the field that `key:` names; absent: by the events. */
static weir_status append_key(start_sink *state, weir_sink *sink, const json_t *all,
                              uint32_t *ret_outlet, weir_buffer *out, weir_wire_error *wrong)
{
    const char *field = state->config->key;
    const json_t *value = field != NULL ? json_object_get(all, wire_of(sink->type, field)) : NULL;
    weir_error *why = NULL;
    char *text = NULL;

    if (value == NULL)
        return append_default_key(state, sink, ret_outlet, out) == WEIR_OK
                   ? WEIR_OK
                   : refuse(wrong, "", NULL);
    *ret_outlet = NO_OUTLET;
    if (!json_is_string(value) && (text = json_to_text(value)) == NULL)
        return refuse(wrong, field, NULL);
    const char *key = text != NULL ? text : json_string_value(value);
    size_t size = strlen(key);
    if (size == 0 || size > LEDGER_KEY_LIMIT)
        weir_error_set(&why, WEIR_ENCODE, "a key has 1 to %d bytes, not %zu", LEDGER_KEY_LIMIT,
                       size);
    else
        weir_buffer_text(out, key);
    weir_free(text);
    return why != NULL || out->failed ? refuse(wrong, field, why) : WEIR_OK;
}

/* --- Encoding --- */

/* The head is written last, when its sizes are known. */
static weir_status append_start(start_sink *state, weir_sink *sink, const json_t *all,
                                const char *input, weir_buffer *out, weir_wire_error *wrong)
{
    size_t at = out->size;
    start_head head = {0};

    weir_buffer_append(out, &head, sizeof head);
    weir_status status = append_key(state, sink, all, &head.outlet, out, wrong);
    if (status != WEIR_OK)
        return status;
    weir_buffer_append(out, "", 1);
    head.key_size = (uint32_t)(out->size - at - sizeof head);
    weir_buffer_append(out, input, strlen(input) + 1);
    head.size = (uint32_t)(out->size - at);
    if (out->failed)
        return refuse(wrong, "", NULL);
    memcpy(out->data + at, &head, sizeof head);
    return WEIR_OK;
}

static weir_status encode(weir_sink *sink, const void *value, struct weir_buffer *out,
                          weir_wire_error *wrong)
{
    start_sink *state = sink->state;
    json_t *all = read_value(state, sink, value, wrong);
    char *input = all != NULL ? make_input(state, sink->type, all, wrong) : NULL;
    weir_status status =
        input != NULL ? append_start(state, sink, all, input, out, wrong) : WEIR_ENCODE;

    json_decref(all);
    weir_free(input);
    return status;
}

static weir_status bury(weir_sink *sink, const weir_dead_letter *letter,
                        const weir_original *original, struct weir_buffer *out,
                        weir_wire_error *wrong)
{
    start_sink *state = sink->state;

    (void)original;
    state->letter = letter;
    weir_status status = encode(sink, letter, out, wrong);
    state->letter = NULL;
    return status;
}

/* --- Writing --- */

static start_head head_of(weir_slice bytes)
{
    start_head head;

    memcpy(&head, bytes.data, sizeof head);
    return head;
}

/* What the same node makes of the same events once more (by feedback, which comes before any other
 * event) is another start: it is numbered. In each run they come in the same order. */
static newest number(const start_sink *state, const start_head *head, const char *key)
{
    newest now = {.key = WEIR_DIGEST_START, .count = 1};

    weir_digest_add_text(&now.key, key);
    const newest *before = &state->newest[head->outlet];
    if (before->count != 0 && before->key.a == now.key.a && before->key.b == now.key.b)
        now.count = before->count + 1;
    return now;
}

/* False: the starter is full. */
static bool give(start_sink *state, weir_slice bytes, const start_head *head)
{
    const char *key = (const char *)bytes.data + sizeof *head, *input = key + head->key_size;
    char numbered[LEDGER_KEY_LIMIT + 1];
    newest now = {.count = 1};

    if (head->outlet != NO_OUTLET)
        now = number(state, head, key);
    if (now.count > 1) {
        snprintf(numbered, sizeof numbered, "%s #%u", key, now.count);
        key = numbered;
    }
    bool taken = starter_give(state->starter,
                              &(starter_order){.key = key, .input = input, .credit = head->size});
    if (taken && head->outlet != NO_OUTLET)
        state->newest[head->outlet] = now;
    return taken;
}

static weir_status write_starts(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                                weir_error **error)
{
    start_sink *state = sink->state;

    *fd = -1;
    while (*ret_written < bytes.size) {
        weir_slice rest = {bytes.data + *ret_written, bytes.size - *ret_written};
        start_head head = head_of(rest);
        if (!give(state, rest, &head))
            return weir_error_set(error, WEIR_AGAIN, "%s: the store takes no more just now",
                                  state->what);
        *ret_written += head.size;
    }
    return WEIR_OK;
}

static weir_status answered(weir_sink *sink, uint64_t *ret_safe, weir_error **error)
{
    const start_sink *state = sink->state;
    starter_report report;
    char text[480];

    starter_ask(state->starter, &report);
    *ret_safe = report.done;
    if (report.refused != 0) {
        snprintf(text, sizeof text, "%llu start%s refused: %s", (unsigned long long)report.refused,
                 report.refused == 1 ? " was" : "s were", report.refusal);
        sink->host->log(sink, WEIR_ERROR, text);
    }
    return report.status == WEIR_OK
               ? WEIR_OK
               : weir_error_set(error, report.status, "%s: %s", state->what, report.reason);
}

static void close_sink(weir_sink *sink)
{
    start_sink *state = sink->state;

    if (state->starter != NULL)
        sink->host->watch(sink, -1);
    starter_free(state->starter);
    weir_free(state->newest);
    weir_buffer_free(&state->scratch);
}

static const weir_sink_kind start_sink_kind = {
    .base = WORKFLOW_SINK_HEAD,
    .state_size = sizeof(start_sink),
    .open = open_sink,
    .write = write_starts,
    .encode = encode,
    .bury = bury,
    .answered = answered,
    .close = close_sink,
    .asks_provenance = true,
};

/* --- The kinds of this room --- */

static const weir_sink_kind *const sinks[] = {&start_sink_kind};

static const weir_kinds kinds = {.generation = WEIR_GENERATION, .sinks = sinks, .sink_count = 1};

const weir_kinds *weir_workflow_kinds(void)
{
    return &kinds;
}
