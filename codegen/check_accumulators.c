/* SPDX-License-Identifier: Apache-2.0 */
/* check_accumulators.c - accumulators, and those that a source is by itself. */
#include <stdlib.h>
#include <string.h>

#include "codegen/check.h"
#include "codegen/emit/names.h"

/* --- What a kind knows --- */

static const struct {
    const char *name;
    spec_accumulator_kind form;
} forms[] = {
    {"passthrough", SPEC_PASSTHROUGH},
    {"stream", SPEC_STREAM},
    {"polling", SPEC_POLLING},
    {"batch", SPEC_BATCH},
    {"state", SPEC_STATE},
};

static spec_accumulator_kind form_of(const char *kind)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].name, kind) == 0)
            return forms[i].form;
    return SPEC_CUSTOM;
}

/* Where a key's member is set, or NULL. */
static const weir_place *set_at(const spec_accumulator *accumulator, const spec_key *key)
{
    const void *member = (const char *)accumulator + key->offset;
    const spec_name *name = member;
    const spec_fields *fields = member;
    const spec_assignments *assignments = member;

    if (key->takes == TAKES_NAME)
        return name->text != NULL ? &name->where : NULL;
    if (key->takes == TAKES_FIELDS)
        return fields->count != 0 ? &fields->items[0].where : NULL;
    return assignments->given ? &assignments->where : NULL;
}

static void refuse_foreign_keys(checker *check, const spec_accumulator *accumulator)
{
    for (size_t i = 0; i < spec_accumulator_section.count; i++) {
        const spec_key *key = &spec_accumulator_section.keys[i];
        const weir_place *where = key->only != NULL ? set_at(accumulator, key) : NULL;
        if (where != NULL && !spec_key_fits(key, accumulator->kind_name.text))
            diagnostics_error(check->log, *where,
                              "accumulator '%s' is of kind %s, and `%s:` belongs to %s",
                              accumulator->name, accumulator->kind_name.text, key->name,
                              strchr(key->only, '|') != NULL ? "stream and polling" : key->only);
    }
}

static void refuse(checker *check, const spec_accumulator *accumulator, const spec_name *name,
                   const char *key, const char *why)
{
    if (name->text != NULL)
        diagnostics_error(check->log, name->where, "accumulator '%s' cannot have `%s:`: %s",
                          accumulator->name, key, why);
}

/* --- Types --- */

static void check_feed(checker *check, spec_accumulator *accumulator)
{
    if (accumulator->source_name.text == NULL && accumulator->type_name.text == NULL) {
        diagnostics_error(check->log, accumulator->where,
                          "accumulator '%s' needs `source:`, or `type:` where results or pushes "
                          "feed it",
                          accumulator->name);
        check->front->lost = true;
    }
    long index = check_resolve(check, &check->sources, &accumulator->source_name, "source");
    if (index == CHECK_NONE) {
        accumulator->type = check_struct(check, &accumulator->type_name);
        return;
    }
    accumulator->source = &check->model->sources[index];
    accumulator->type = accumulator->source->type;
    check->source_read[index] = true;
    refuse(check, accumulator, &accumulator->type_name, "type", "its source has one");
}

static void check_stream(checker *check, spec_accumulator *accumulator)
{
    bool own = accumulator->set.given || accumulator->update.given;

    accumulator->calls = !own;
    if (accumulator->update.given && !accumulator->set.given)
        diagnostics_error(check->log, accumulator->update.where,
                          "accumulator '%s' needs `set:` beside `update:`, or nothing would come "
                          "of it",
                          accumulator->name);
    check_assignments(check, &accumulator->update, &accumulator->state, "state", NULL);
}

/* The first accumulator that polls the same C function, or NULL. */
static const spec_accumulator *same_call(const checker *check, const spec_accumulator *accumulator)
{
    const spec *model = check->model;

    for (size_t i = 0; i < model->accumulator_count && model->accumulators[i] != accumulator; i++)
        if (model->accumulators[i]->call.text != NULL &&
            strcmp(model->accumulators[i]->call.text, accumulator->call.text) == 0)
            return model->accumulators[i];
    return NULL;
}

void check_c_function(checker *check, const spec_name *call)
{
    bool word = strcmp(emit_member(call->text).text, call->text) != 0;

    front_check_name(check->front, call->text, call->where, "a C function");
    if (word || strcmp(call->text, "main") == 0 || strncmp(call->text, "weir_", 5) == 0)
        diagnostics_error(check->log, call->where,
                          "'%s' cannot name a C function: the word is taken", call->text);
}

/* Several may poll one function, if it gives them the same. */
static void check_call(checker *check, const spec_accumulator *accumulator)
{
    const spec_name *call = &accumulator->call;
    const spec_accumulator *other = same_call(check, accumulator);

    check_c_function(check, call);
    if (other == NULL || other->out_name.text == NULL || accumulator->out_name.text == NULL ||
        strcmp(other->out_name.text, accumulator->out_name.text) == 0)
        return;
    diagnostics_error(check->log, call->where,
                      "'%s' gives %s to the accumulator '%s', and cannot give %s too", call->text,
                      other->out_name.text, other->name, accumulator->out_name.text);
    diagnostics_note(check->log, other->call.where, "the other one");
}

static void check_polling(checker *check, spec_accumulator *accumulator)
{
    const char *why = "what it polls comes from a C function";

    accumulator->calls = true;
    if (accumulator->source_name.text != NULL)
        check->front->lost = true; /* the source seems to be read by nobody then */
    refuse(check, accumulator, &accumulator->source_name, "source", why);
    refuse(check, accumulator, &accumulator->type_name, "type", "it gives `out:`");
    if (accumulator->key_names.count != 0)
        refuse(check, accumulator, &accumulator->key_names.items[0], "key", why);
    if (accumulator->filter.text != NULL)
        diagnostics_error(check->log, accumulator->filter.where,
                          "accumulator '%s' cannot have `where:`: there is no event to look at",
                          accumulator->name);
    if (accumulator->call.text != NULL)
        check_call(check, accumulator);
}

static void check_boundary(checker *check, spec_accumulator *accumulator)
{
    bool makes = accumulator->form == SPEC_STREAM || accumulator->form == SPEC_POLLING;

    accumulator->window = accumulator->form == SPEC_BATCH || accumulator->form == SPEC_STATE;
    if (makes && accumulator->out_name.text == NULL)
        diagnostics_error(check->log, accumulator->where, "accumulator '%s' needs `out:`",
                          accumulator->name);
    if (makes)
        accumulator->boundary = check_struct(check, &accumulator->out_name);
    else
        accumulator->boundary = accumulator->type;
    if (accumulator->form == SPEC_POLLING)
        accumulator->type = accumulator->boundary;
    if (accumulator->form == SPEC_STREAM && accumulator->boundary != NULL)
        check_assignments(check, &accumulator->set, &accumulator->boundary->fields,
                          accumulator->boundary->name, &accumulator->where);
}

/* --- Keys --- */

static bool can_be_key(const spec_shape *shape)
{
    spec_type_kind kind = shape->type->kind;

    return !shape->list && !shape->optional && kind != SPEC_F32 && kind != SPEC_F64 &&
           kind != SPEC_TIMESTAMP && kind != SPEC_DURATION && kind != SPEC_DATE &&
           kind != SPEC_STRUCT;
}

static const spec_field *check_key(checker *check, const spec_accumulator *accumulator,
                                   const spec_name *name)
{
    const spec_field *field =
        name->text != NULL ? check_find_field(accumulator->type, name->text) : NULL;

    if (name->text == NULL)
        return NULL;
    if (field == NULL) {
        check_unknown_field(check, accumulator->type, name->text, name->where);
    } else if (field->shape.type != NULL && !can_be_key(&field->shape)) {
        diagnostics_error(check->log, name->where,
                          "'%s' is %s; a key is an integer, bool, enum, string or bytes",
                          field->name, front_shape_text(check->front, &field->shape));
        return NULL;
    }
    return field;
}

static void check_keys(checker *check, spec_accumulator *accumulator)
{
    spec_names *names = &accumulator->key_names;
    size_t count;
    bool good = accumulator->type != NULL;
    const spec_field **key = front_array(check->front, names->count, sizeof(spec_field *), &count);

    for (size_t i = 0; good && i < count; i++) {
        key[i] = check_key(check, accumulator, &names->items[i]);
        good = key[i] != NULL && key[i]->shape.type != NULL;
        for (size_t j = 0; good && j < i; j++)
            if (key[i] == key[j])
                diagnostics_error(check->log, names->items[i].where, "'%s' is in the key twice",
                                  key[i]->name);
    }
    if (good && count != 0)
        accumulator->key = key;
}

/* --- One accumulator --- */

static void check_flush_with(checker *check, const spec_accumulator *accumulator)
{
    for (size_t i = 0; i < accumulator->settings.count; i++) {
        const weir_setting *setting = &accumulator->settings.items[i];
        if (accumulator->form == SPEC_BATCH && strcmp(setting->name, "flush_with") == 0)
            check_resolve(check, &check->reactors,
                          &(spec_name){.text = setting->text, .where = setting->place}, "reactor");
    }
}

static void check_accumulator_options(checker *check, const spec_accumulator *accumulator)
{
    const weir_catalog *kinds = check->front->kinds;
    const weir_kind *kind = accumulator->kind;
    const weir_option_list list = {kind->options, kind->option_count};
    const char *what =
        weir_arena_printf(&check->model->arena, "accumulator '%s'", accumulator->name);

    check_settings(check, &accumulator->settings,
                   &(check_options){.what = what != NULL ? what : "an accumulator",
                                    .where = accumulator->where,
                                    .lists = &list,
                                    .list_count = 1,
                                    .section = &spec_accumulator_section,
                                    .others = &kinds->accumulators});
    check_flush_with(check, accumulator);
}

static void check_accumulator(checker *check, spec_accumulator *accumulator)
{
    if (accumulator->kind_name.text == NULL)
        accumulator->kind_name = (spec_name){"passthrough", accumulator->where};
    accumulator->kind = check_kind(check, &check->front->kinds->accumulators,
                                   &accumulator->kind_name, "accumulator");
    accumulator->form = form_of(accumulator->kind_name.text);
    if (accumulator->kind == NULL) { /* what it gives is not known */
        check_resolve(check, &check->sources, &accumulator->source_name, "source");
        check->front->lost = true;
        return;
    }
    refuse_foreign_keys(check, accumulator);
    if (accumulator->form == SPEC_POLLING)
        check_polling(check, accumulator);
    else
        check_feed(check, accumulator);
    if (accumulator->form == SPEC_STREAM)
        check_stream(check, accumulator);
    check_boundary(check, accumulator);
    check_keys(check, accumulator);
    check_fields(check, &accumulator->state);
    check_accumulator_options(check, accumulator);
    check_accumulator_expressions(check, accumulator);
}

static bool name_accumulators(checker *check)
{
    spec *model = check->model;

    if (!check_names_init(check, &check->accumulators, model->accumulator_count))
        return false;
    for (size_t i = 0; i < model->accumulator_count; i++) {
        model->accumulators[i]->index = i;
        check_names_add(&check->accumulators, model->accumulators[i]->name, i);
    }
    check_names_sort(&check->accumulators);
    return true;
}

void check_accumulators(checker *check)
{
    for (size_t i = 0; i < check->model->accumulator_count; i++)
        check_accumulator(check, check->model->accumulators[i]);
    name_accumulators(check);
}

/* --- Implied ones --- */

static void imply(checker *check, bool *wanted, const char *name)
{
    if (name == NULL || check_find(&check->accumulators, name) != CHECK_NONE)
        return;
    long index = check_find(&check->sources, name);
    if (index != CHECK_NONE)
        wanted[index] = true;
}

static void imply_criteria(checker *check, bool *wanted, const spec_criteria *criteria)
{
    if (criteria->kind == SPEC_NAME)
        imply(check, wanted, criteria->name.text);
    for (size_t i = 0; i < criteria->child_count; i++)
        imply_criteria(check, wanted, &criteria->children[i]);
}

/* In a graph its own nodes and arguments come before sources of the same name. */
static void imply_operands(checker *check, bool *wanted, const spec_graph *graph)
{
    check_names own;

    if (!check_names_init(check, &own, graph->node_count + graph->args.count))
        return;
    for (size_t i = 0; i < graph->node_count; i++)
        check_names_add(&own, graph->nodes[i].name, i);
    for (size_t i = 0; i < graph->args.count; i++)
        check_names_add(&own, graph->args.items[i].name, i);
    check_names_sort(&own);
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t j = 0; j < graph->nodes[i].in_count; j++)
            if (check_find(&own, graph->nodes[i].in[j].name) == CHECK_NONE)
                imply(check, wanted, graph->nodes[i].in[j].name);
}

static void imply_filter(checker *check, void *wanted, const char *name)
{
    imply(check, wanted, name);
}

static int compare_accumulators(const void *first, const void *second)
{
    const spec_accumulator *const *a = first, *const *b = second;

    if ((*a)->where.line != (*b)->where.line)
        return (*a)->where.line < (*b)->where.line ? -1 : 1;
    return ((*a)->where.column > (*b)->where.column) - ((*a)->where.column < (*b)->where.column);
}

static void add_implied(checker *check, const bool *wanted)
{
    spec *model = check->model;
    size_t count = model->accumulator_count;
    size_t room;
    spec_accumulator **all =
        front_array(check->front, count + model->source_count, sizeof(spec_accumulator *), &room);

    if (all == NULL)
        return;
    if (count != 0)
        memcpy(all, model->accumulators, count * sizeof(spec_accumulator *));
    for (size_t i = 0; i < model->source_count; i++) {
        const spec_source *source = &model->sources[i];
        spec_accumulator *accumulator =
            wanted[i] ? front_alloc(check->front, sizeof *accumulator) : NULL;
        if (accumulator == NULL)
            continue;
        *accumulator = (spec_accumulator){.name = source->name,
                                          .implied = true,
                                          .source_name = {source->name, source->where},
                                          .where = source->where};
        check_accumulator(check, accumulator);
        all[count++] = accumulator;
    }
    model->accumulators = all;
    model->accumulator_count = count;
    /* The order of the file: an implied one stands where its source stands. */
    if (count > 1)
        qsort(all, count, sizeof(spec_accumulator *), compare_accumulators);
}

void check_imply_accumulators(checker *check)
{
    spec *model = check->model;
    size_t count;
    bool *wanted = front_array(check->front, model->source_count + 1, sizeof(bool), &count);

    if (wanted == NULL)
        return;
    for (size_t i = 0; i < model->reactor_count; i++) {
        if (model->reactors[i]->criteria != NULL)
            imply_criteria(check, wanted, model->reactors[i]->criteria);
        check_filter_names(check, model->reactors[i], imply_filter, wanted);
    }
    for (size_t i = 0; i < model->graph_count; i++)
        imply_operands(check, wanted, &model->graphs[i]);
    add_implied(check, wanted);
    name_accumulators(check);
}

static bool same_key(const spec_accumulator *a, const spec_accumulator *b)
{
    if (a->key_names.count != b->key_names.count)
        return false;
    for (size_t i = 0; i < a->key_names.count; i++)
        if (a->key == NULL || b->key == NULL || a->key[i] != b->key[i])
            return false;
    return true;
}

/* A full channel overwrites the waiting event of the same key: its accumulators must agree. */
void check_conflation(checker *check)
{
    const spec *model = check->model;

    for (size_t i = 1; i < model->accumulator_count; i++) {
        const spec_accumulator *accumulator = model->accumulators[i], *first = NULL;
        const spec_source *source = accumulator->source;
        const char *policy = source != NULL ? check_setting(&source->settings, "on_full") : NULL;
        for (size_t j = 0; j < i && first == NULL; j++)
            first = model->accumulators[j]->source == source ? model->accumulators[j] : NULL;
        if (policy == NULL || strcmp(policy, "conflate") != 0 || first == NULL ||
            same_key(first, accumulator))
            continue;
        diagnostics_error(check->log, accumulator->where,
                          "'%s' and '%s' have different keys, and their source '%s' conflates by "
                          "key; give both the same key, or each a source of its own",
                          first->name, accumulator->name, source->name);
        diagnostics_note(check->log, first->where, "the other accumulator");
    }
}
