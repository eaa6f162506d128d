/* SPDX-License-Identifier: Apache-2.0 */
/* gen.c - weir check and weir gen: a spec is checked, and becomes C. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/gen.h"
#include "codegen/emit/module.h"

/* --- weir check --- */

static int run_check(const cli_arguments *arguments)
{
    bool json = cli_has(arguments, "--json");
    int worst = CLI_DONE;

    for (size_t i = 0; i < arguments->operand_count; i++) {
        int code;
        weir_spec *model = cli_load_spec(arguments->operands[i], json, &code);
        if (model != NULL && !json)
            cli_tell(arguments, "%s: good\n", arguments->operands[i]);
        weir_spec_free(model);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static const cli_option check_options[] = {
    {"--json", NULL, "each finding is a line of JSON on standard output"},
};

const cli_verb cli_check = {
    .name = "check",
    .summary = "Checks a spec and says what is wrong with it.",
    .operands = "SPEC ...",
    .options = check_options,
    .option_count = sizeof check_options / sizeof *check_options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_check,
};

/* --- weir gen --- */

typedef struct target {
    weir_buffer path;
    weir_buffer text;
} target;

static void free_target(target *file)
{
    weir_buffer_free(&file->path);
    weir_buffer_free(&file->text);
}

/* FOLDER/MODULE.SUFFIX */
static void name_target(target *file, const char *folder, const char *module, const char *suffix)
{
    weir_buffer_printf(&file->path, "%s/%s.%s", folder, module, suffix);
}

static weir_status write_target(const cli_arguments *arguments, const target *file, bool check_only,
                                bool *stale, weir_error **error)
{
    bool changed = false;

    if (file->path.failed || file->text.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (!check_only) {
        weir_status status =
            cli_write_file(file->path.data, file->text.data, file->text.size, &changed, error);
        if (changed)
            cli_tell(arguments, "wrote %s\n", file->path.data);
        return status;
    }
    char *old;
    size_t old_size;
    if (access(file->path.data, F_OK) != 0) {
        cli_complain("%s is missing: run 'weir gen'", file->path.data);
        *stale = true;
        return WEIR_OK;
    }
    weir_status status = cli_read_file(file->path.data, SIZE_MAX, &old, &old_size, error);
    if (status != WEIR_OK)
        return status;
    if (old_size != file->text.size || memcmp(old, file->text.data, old_size) != 0) {
        cli_complain("%s is stale: run 'weir gen'", file->path.data);
        *stale = true;
    }
    weir_free(old);
    return WEIR_OK;
}

/* A path as make and Ninja read it in a depfile. */
static void add_depfile_path(weir_buffer *text, const char *path)
{
    for (; *path != '\0'; path++) {
        if (*path == ' ' || *path == '#')
            weir_buffer_text(text, "\\");
        else if (*path == '$')
            weir_buffer_text(text, "$");
        weir_buffer_append(text, path, 1);
    }
}

/* For Ninja: the generated files depend on the spec and on what it imports. */
static weir_status write_depfile(const weir_spec *model, const char *path, const target *source,
                                 weir_error **error)
{
    weir_buffer text = {0};
    bool changed;

    add_depfile_path(&text, source->path.data);
    weir_buffer_text(&text, ":");
    for (size_t i = 0; i < model->file_count; i++) {
        weir_buffer_text(&text, " ");
        add_depfile_path(&text, model->files[i]);
    }
    weir_buffer_text(&text, "\n");
    weir_status status = text.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                                     : cli_write_file(path, text.data, text.size, &changed, error);
    weir_buffer_free(&text);
    return status;
}

static weir_status write_scaffold(const cli_arguments *arguments, const weir_spec *model,
                                  const char *folder, const char *module, const char *header,
                                  weir_error **error)
{
    target nodes = {0};
    bool changed;
    weir_status status = WEIR_OK;

    name_target(&nodes, folder, module, "nodes.c");
    if (!emit_scaffold(model, header, &nodes.text) || nodes.path.failed)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    else if (access(nodes.path.data, F_OK) == 0)
        cli_tell(arguments, "%s exists and is left as it is\n", nodes.path.data);
    else
        status = cli_write_file(nodes.path.data, nodes.text.data, nodes.text.size, &changed, error);
    free_target(&nodes);
    return status;
}

weir_status cli_generate(const cli_arguments *arguments, const weir_spec *model, const char *folder,
                         bool check_only, bool *stale, weir_error **error)
{
    const char *module = emit_module_name(model);
    const char *depfile = cli_value(arguments, "--depfile");
    target header = {0}, source = {0};
    char include[300];
    weir_status status = WEIR_OK;

    snprintf(include, sizeof include, "%s.weir.h", module);
    name_target(&header, folder, module, "weir.h");
    name_target(&source, folder, module, "weir.c");
    if (!emit_header(model, &header.text) || !emit_source(model, include, &source.text))
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = write_target(arguments, &header, check_only, stale, error);
    if (status == WEIR_OK)
        status = write_target(arguments, &source, check_only, stale, error);
    if (status == WEIR_OK && cli_has(arguments, "--scaffold") && !check_only)
        status = write_scaffold(arguments, model, folder, module, include, error);
    if (status == WEIR_OK && depfile != NULL && !check_only)
        status = write_depfile(model, depfile, &source, error);
    free_target(&header);
    free_target(&source);
    return status;
}

static int run_gen(const cli_arguments *arguments)
{
    const char *output = cli_value(arguments, "--output");
    weir_error *error = NULL;
    bool stale = false;
    int code;

    weir_spec *model = cli_load_spec(arguments->operands[0], false, &code);
    if (model == NULL)
        return code;
    char *own = cli_folder_of(arguments->operands[0]);
    weir_status status = own == NULL ? weir_error_set(&error, WEIR_NOMEM, "out of memory")
                                     : cli_generate(arguments, model, output != NULL ? output : own,
                                                    cli_has(arguments, "--check"), &stale, &error);
    weir_free(own);
    weir_spec_free(model);
    if (status != WEIR_OK)
        return cli_report_error(error);
    return stale ? CLI_FAILED : CLI_DONE;
}

static const cli_option gen_options[] = {
    {"--output|-o", "FOLDER", "where the files go (default: beside the spec)"},
    {"--scaffold", NULL, "also writes MODULE.nodes.c, bodies to fill in; never overwrites it"},
    {"--check", NULL, "writes nothing; exit code 1 where the files are stale"},
    {"--depfile", "FILE", "writes a depfile for Ninja"},
};

const cli_verb cli_gen = {
    .name = "gen",
    .summary = "Generates MODULE.weir.h and MODULE.weir.c from a spec.",
    .operands = "SPEC",
    .options = gen_options,
    .option_count = sizeof gen_options / sizeof *gen_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_gen,
};
