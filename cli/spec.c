/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - loads a spec and shows what was found wrong with it: to people, or as JSON lines. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "codegen/diagnostics.h"

/* --- For people --- */

/* The word behind the place, in its colour: "spec.yaml:3:1: error: ...". */
static bool print_in_colour(const char *line, int length, const char *word, const char *colour)
{
    const char *at = memmem(line, (size_t)length, word, strlen(word));

    if (at == NULL)
        return false;
    int before = (int)(at - line), size = (int)strlen(word);
    fprintf(stderr, "\033[1m%.*s\033[%sm%.*s\033[0m%.*s\n", before, line, colour, size, at,
            length - before - size, at + size);
    return true;
}

static void print_line(const char *line, int length)
{
    bool source = length == 0 || line[0] == ' ';

    if (source || (!print_in_colour(line, length, ": error:", "31") &&
                   !print_in_colour(line, length, ": warning:", "35") &&
                   !print_in_colour(line, length, ": note:", "36")))
        fprintf(stderr, "%.*s\n", length, line);
}

static void print_text(const weir_diagnostics *diagnostics)
{
    char *text = weir_diagnostics_text(diagnostics);

    if (text == NULL) {
        cli_complain("out of memory");
    } else if (!cli_in_colour()) {
        fputs(text, stderr);
    } else {
        for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
            print_line(line, (int)(end - line));
    }
    weir_free(text);
}

/* --- For machines --- */

static json_t *json_finding(weir_place place, const char *message)
{
    return json_pack("{s:s?, s:i, s:i, s:s}", "file", place.file, "line", (int)place.line, "column",
                     (int)place.column, "message", message);
}

static void print_json(const weir_diagnostics *diagnostics)
{
    for (size_t i = 0; i < weir_diagnostics_count(diagnostics); i++) {
        const weir_diagnostic *diagnostic = weir_diagnostics_get(diagnostics, i);
        bool warning = diagnostic->severity == WEIR_SEVERITY_WARNING;
        json_t *line = json_finding(diagnostic->place, diagnostic->message);
        json_t *notes = json_array();
        for (const weir_note *note = diagnostic->notes; note != NULL; note = note->next)
            json_array_append_new(notes, json_finding(note->place, note->message));
        json_object_set_new(line, "severity", json_string(warning ? "warning" : "error"));
        json_object_set_new(line, "notes", notes);
        cli_print_json(line);
    }
}

/* --- Loading --- */

weir_spec *cli_load_spec(const char *path, bool json, int *exit_code)
{
    weir_spec *model = NULL;
    weir_diagnostics *diagnostics = NULL;
    weir_error *error = NULL;
    size_t errors = 0;

    weir_status status = weir_spec_load(path, cli_catalog(), &model, &diagnostics, &error);
    /* What was found when memory ran out is not the spec's fault. */
    if (diagnostics != NULL && status != WEIR_NOMEM) {
        errors = weir_diagnostics_error_count(diagnostics);
        if (json)
            print_json(diagnostics);
        else
            print_text(diagnostics);
    }
    weir_diagnostics_free(diagnostics);
    *exit_code = CLI_DONE;
    if (status == WEIR_OK)
        return model;
    *exit_code = cli_exit_code(status);
    if (errors == 0)
        cli_report_error(error);
    else if (!json)
        fprintf(stderr, "%zu error%s in %s\n", errors, errors != 1 ? "s" : "", path);
    if (errors != 0)
        weir_error_free(error);
    return NULL;
}
