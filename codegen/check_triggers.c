/* SPDX-License-Identifier: Apache-2.0 */
/* check_triggers.c - what starts a workflow beside its schedule, and what a schedule gives. */
#include <string.h>

#include "codegen/check.h"
#include "core/task_options.h"
#include "core/text.h"

/* --- Moments --- */

/* What can be asked of a schedule, and of which type it is. */
static const struct {
    const char *name;
    spec_type_kind kind;
} moments[] = {{"schedule.date", SPEC_DATE}, {"schedule.time", SPEC_TIMESTAMP}};

static void unknown_moment(checker *check, const spec_field *field)
{
    weir_nearest nearest = {.wanted = field->moment};
    char hint[128];

    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        weir_nearest_offer(&nearest, moments[i].name);
    diagnostics_error(check->log, field->moment_where,
                      "a default is a value, or `{expr: schedule.date}` or `{expr: "
                      "schedule.time}`, not '%s'%s",
                      field->moment, weir_nearest_hint(&nearest, hint, sizeof hint));
}

static void check_moment(checker *check, const spec_field *field)
{
    const spec_shape *shape = &field->shape;
    size_t at = 0;

    while (at < sizeof moments / sizeof *moments && strcmp(moments[at].name, field->moment) != 0)
        at++;
    if (at == sizeof moments / sizeof *moments)
        unknown_moment(check, field);
    else if (shape->type != NULL && (shape->list || shape->type->kind != moments[at].kind))
        diagnostics_error(check->log, field->moment_where, "%s is a %s, and '%s' is %s",
                          moments[at].name, spec_scalar(moments[at].kind)->name, field->name,
                          front_shape_text(check->front, shape));
}

void check_moments(checker *check, const spec_workflow *workflow)
{
    for (size_t i = 0; i < workflow->input.count; i++) {
        const spec_field *field = &workflow->input.items[i];
        if (field->moment == NULL)
            continue;
        if (!workflow->has_slot)
            diagnostics_error(check->log, field->moment_where,
                              "the workflow '%s' has no `schedule:` that could give '%s', and is "
                              "begun by none that has one",
                              workflow->name, field->name);
        else
            check_moment(check, field);
    }
}

/* --- What it looks at --- */

static void check_body(checker *check, const spec_trigger *trigger)
{
    if (trigger->call.text != NULL && trigger->files.text != NULL)
        diagnostics_error(check->log, trigger->where,
                          "the trigger '%s' has both `call:` and `files:`", trigger->name);
    else if (trigger->call.text == NULL && trigger->files.text == NULL && !trigger->unread)
        diagnostics_error(check->log, trigger->where,
                          "the trigger '%s' looks at nothing: give it `call:` (a C function) or "
                          "`files:` (FOLDER/PATTERN)",
                          trigger->name);
    if (trigger->call.text != NULL)
        check_engine_call(check, &trigger->call);
}

/* Only the names may be a pattern, so that one folder is read. */
static void check_files(checker *check, const spec_name *files)
{
    const char *slash = strrchr(files->text, '/');
    const char *name = slash != NULL ? slash + 1 : files->text;
    size_t special = strcspn(files->text, "*?[");

    if (check_has_variable(files->text))
        diagnostics_error(check->log, files->where,
                          "variables in workflows are not part of this version of weir");
    else if (name[0] == '\0')
        diagnostics_error(check->log, files->where,
                          "`files:` names a folder; which files? write FOLDER/*, or FOLDER/*.csv");
    else if (slash != NULL && files->text + special < slash)
        diagnostics_error(check->log, files->where,
                          "only the last part of `files:` may be a pattern; the folder is one");
}

/* An option of the other form. */
static void check_fit(checker *check, const spec_trigger *trigger)
{
    static const struct {
        const char *option;
        bool call;
    } forms[] = {{"timeout", true}, {"isolate", true}, {"settle", false}};

    for (size_t i = 0; i < trigger->settings.count; i++)
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
            if (strcmp(trigger->settings.items[i].name, forms[f].option) == 0 &&
                (trigger->call.text != NULL) != forms[f].call && !trigger->unread)
                diagnostics_error(check->log, trigger->settings.names[i], "`%s:` goes with `%s:`",
                                  forms[f].option, forms[f].call ? "call" : "files");
}

/* --- What it gives --- */

static const struct {
    const char *name;
    spec_type_kind kind;
} given[] = {{"path", SPEC_STRING}, {"name", SPEC_STRING}, {"size", SPEC_I64}};

static bool takes(const spec_shape *shape, spec_type_kind kind)
{
    bool integer = shape->type->kind >= SPEC_I8 && shape->type->kind <= SPEC_F64;

    return !shape->list && (kind == SPEC_STRING ? shape->type->kind == SPEC_STRING : integer);
}

/* A file gives its path, name and size, as far as the workflow takes them. */
static void check_input(checker *check, const spec_workflow *workflow, const spec_trigger *trigger)
{
    for (size_t i = 0; i < workflow->input.count; i++) {
        const spec_field *field = &workflow->input.items[i];
        size_t at = 0;
        while (at < sizeof given / sizeof *given && strcmp(given[at].name, field->name) != 0)
            at++;
        bool is_given = at < sizeof given / sizeof *given;
        if (field->shape.type == NULL)
            continue;
        if (is_given && !takes(&field->shape, given[at].kind))
            diagnostics_error(check->log, field->where,
                              "'%s' is given by the files of the trigger '%s', as %s", field->name,
                              trigger->name, given[at].kind == SPEC_STRING ? "a text" : "a number");
        else if (!is_given && !field->shape.optional && field->fallback == NULL)
            diagnostics_error(check->log, field->where,
                              "the trigger '%s' gives `path`, `name` and `size` of a file, and "
                              "'%s' of the input has no default",
                              trigger->name, field->name);
    }
}

static void check_trigger(checker *check, const spec_trigger *trigger)
{
    check_body(check, trigger);
    if (trigger->files.text != NULL)
        check_files(check, &trigger->files);
    check_own_settings(check, &trigger->settings,
                       &(check_options){.what = weir_arena_printf(&check->model->arena,
                                                                  "trigger '%s'", trigger->name),
                                        .where = trigger->where,
                                        .lists = &weir_trigger_options,
                                        .list_count = 1,
                                        .section = &spec_trigger_section});
    check_fit(check, trigger);
}

void check_triggers(checker *check, const spec_workflow *workflow)
{
    const spec_trigger *files = NULL; /* all of them give the same */

    for (size_t i = 0; i < workflow->trigger_count; i++) {
        check_trigger(check, &workflow->triggers[i]);
        if (files == NULL && workflow->triggers[i].files.text != NULL)
            files = &workflow->triggers[i];
    }
    if (files != NULL && workflow->has_input)
        check_input(check, workflow, files);
}
