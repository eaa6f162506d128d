/* SPDX-License-Identifier: Apache-2.0 */
/* load_spec.c - a file and its imports. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codegen/load.h"
#include "core/buffer.h"
#include "core/text.h"

/* --- Files --- */

static bool read_all(FILE *file, weir_buffer *content)
{
    char chunk[8192];
    size_t got;

    weir_buffer_text(content, "");
    while (!content->failed && content->size <= YAML_SIZE_LIMIT &&
           (got = fread(chunk, 1, sizeof chunk, file)) != 0)
        weir_buffer_append(content, chunk, got);
    return !content->failed && ferror(file) == 0;
}

static weir_status read_file(const char *path, weir_buffer *content, weir_error **error)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return weir_error_set(error, WEIR_IO, "cannot open %s: %s", path, strerror(errno));
    errno = 0;
    bool good = read_all(file, content);
    int reason = errno;
    fclose(file);
    if (content->failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory while reading %s", path);
    if (!good)
        return weir_error_set(error, WEIR_IO, "cannot read %s: %s", path, strerror(reason));
    return WEIR_OK;
}

/* NULL: it was complained about. The tree lives in the spec's arena. */
static yaml_node *parse(spec_front *front, const char *path, const weir_buffer *content)
{
    if (content->size > YAML_SIZE_LIMIT) {
        diagnostics_error(front->log, (weir_place){path, 1, 1}, "the file is larger than 1 MiB");
        return NULL;
    }
    yaml_node *root =
        yaml_parse(&front->spec->arena, path, content->data, content->size, front->log);
    if (root != NULL)
        front_note_unread(front, root);
    if (root != NULL && root->kind == YAML_MAP)
        return root;
    if (root != NULL)
        load_expected(front, root, "a map that begins with `module: NAME`");
    return NULL;
}

static weir_status read_tree(spec_front *front, const char *path, yaml_node **root,
                             weir_error **error)
{
    weir_buffer content = {0};
    weir_status status = read_file(path, &content, error);

    if (status == WEIR_OK) {
        *root = parse(front, path, &content);
        status = *root != NULL ? WEIR_OK : WEIR_SPEC;
    }
    weir_buffer_free(&content);
    return status;
}

/* A section, or NULL where there is none that can be read. */
static const yaml_node *section(spec_front *front, const yaml_node *root, const char *name)
{
    const yaml_node *node = yaml_get(root, name);

    if (node == NULL || yaml_is_empty(node))
        return NULL;
    front->section_unread |= node->kind != YAML_MAP;
    return node->kind != YAML_BAD ? node : NULL;
}

/* --- Imports --- */

/* The files that are being read, innermost first, to find imports that go in a circle. */
typedef struct opened_file {
    const char *path;
    const struct opened_file *by;
} opened_file;

/* A path in a spec is relative to the spec. */
static const char *relative_to(spec_front *front, const char *from, const char *path)
{
    const char *slash = strrchr(from, '/');
    size_t folder = slash != NULL && path[0] != '/' ? (size_t)(slash - from) + 1 : 0;
    char *joined = weir_arena_printf(&front->spec->arena, "%.*s%s", (int)folder, from, path);

    if (joined == NULL)
        front->log->failed = true;
    return joined;
}

/* "main.weir.yaml -> a.weir.yaml -> main.weir.yaml": from `first`, which is being read, to the file
 * that imports it again. */
static void name_circle(const opened_file *by, const opened_file *first, weir_buffer *text)
{
    if (by != first)
        name_circle(by->by, first, text);
    weir_buffer_printf(text, "%s -> ", by->path);
}

static void report_circle(spec_front *front, const yaml_node *node, const opened_file *by,
                          const opened_file *first)
{
    weir_buffer text = {0};

    name_circle(by, first, &text);
    weir_buffer_text(&text, first->path);
    if (text.failed)
        front->log->failed = true;
    else
        diagnostics_error(front->log, node->where, "the imports go in a circle: %s", text.data);
    weir_buffer_free(&text);
}

static bool add_file(spec_front *front, const char *path)
{
    spec *model = front->spec;
    size_t count;
    const char **files = front_array(front, model->file_count + 1, sizeof *files, &count);

    if (files == NULL)
        return false;
    if (model->file_count != 0)
        memcpy(files, model->files, model->file_count * sizeof *files);
    files[model->file_count] = path;
    model->files = files;
    model->file_count = count;
    return true;
}

/* `types.yaml`, `./types.yaml` and a link to it are one file. */
static bool same_file(const char *a, const char *b)
{
    struct stat first, second;

    return strcmp(a, b) == 0 || (stat(a, &first) == 0 && stat(b, &second) == 0 &&
                                 first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

static bool is_read(const spec_front *front, const char *path)
{
    for (size_t i = 0; i < front->spec->file_count; i++)
        if (same_file(front->spec->files[i], path))
            return true;
    return false;
}

static void load_imports(spec_front *front, const yaml_node *root, const opened_file *by);

static void load_imported(spec_front *front, const yaml_node *root, const opened_file *file)
{
    const yaml_node *types = section(front, root, "types");

    load_imports(front, root, file);
    if (types != NULL)
        load_types(front, types);
    for (const yaml_node *value = root->first; value != NULL; value = value->next)
        if (value->kind != YAML_BAD && strcmp(value->key, "types") != 0 &&
            strcmp(value->key, "import") != 0 && strcmp(value->key, "doc") != 0 &&
            strcmp(value->key, "module") != 0)
            diagnostics_error(front->log, value->key_where,
                              "an imported spec has types only, not '%s'", value->key);
}

static void load_import(spec_front *front, const yaml_node *node, const opened_file *by)
{
    const char *path =
        load_is_text(front, node, "a path") ? relative_to(front, by->path, node->text) : NULL;
    opened_file file = {.path = path, .by = by};
    weir_error *error = NULL;
    yaml_node *root = NULL;

    for (const opened_file *other = by; path != NULL && other != NULL; other = other->by)
        if (same_file(other->path, path)) {
            report_circle(front, node, by, other);
            return;
        }
    if (path == NULL || is_read(front, path) || !add_file(front, path))
        return;
    weir_status status = read_tree(front, path, &root, &error);
    if (status == WEIR_OK)
        load_imported(front, root, &file);
    else
        front->lost = front->types_lost = true;
    if (error != NULL)
        diagnostics_error(front->log, node->where, "the import: %s", weir_error_message(error));
    weir_error_free(error);
}

static void load_imports(spec_front *front, const yaml_node *root, const opened_file *by)
{
    const yaml_node *imports = yaml_get(root, "import");

    if (imports == NULL || imports->kind == YAML_BAD)
        return;
    if (imports->kind != YAML_LIST)
        load_expected(front, imports, "a list of files, as in [types.weir.yaml]");
    for (const yaml_node *item = imports->first; item != NULL; item = item->next)
        if (imports->kind == YAML_LIST && item->kind != YAML_BAD)
            load_import(front, item, by);
}

/* --- The spec --- */

static bool is_top_option(const spec_front *front, const char *name)
{
    for (size_t i = 0; i < front->kinds->top.count; i++)
        if (strcmp(front->kinds->top.items[i].name, name) == 0)
            return true;
    return false;
}

static void unknown_section(spec_front *front, const yaml_node *value)
{
    weir_nearest nearest = {.wanted = value->key};
    char hint[128];

    for (size_t i = 0; i < spec_top_section.count; i++)
        weir_nearest_offer(&nearest, spec_top_section.keys[i].name);
    for (size_t i = 0; i < front->kinds->top.count; i++)
        weir_nearest_offer(&nearest, front->kinds->top.items[i].name);
    diagnostics_error(front->log, value->key_where, "a spec has no section '%s'%s", value->key,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
    front->lost = true;
}

/* All that is not a section of its own. */
static void load_top(spec_front *front, const yaml_node *root)
{
    spec_settings *settings = &front->spec->settings;

    if (!load_settings(front, root, settings))
        return;
    for (const yaml_node *value = root->first; value != NULL; value = value->next) {
        const spec_key *key = spec_key_find(&spec_top_section, value->key);
        if (value->kind == YAML_BAD)
            continue;
        if (key != NULL)
            load_key(front, key, value, front->spec);
        else if (is_top_option(front, value->key))
            load_setting(front, value, settings);
        else
            unknown_section(front, value);
    }
}

static bool is_types_only(const yaml_node *root)
{
    for (const yaml_node *value = root->first; value != NULL; value = value->next)
        if (strcmp(value->key, "types") != 0 && strcmp(value->key, "import") != 0 &&
            strcmp(value->key, "doc") != 0 && strcmp(value->key, "workflows") != 0)
            return false;
    return true;
}

static void check_module(spec_front *front, const yaml_node *root)
{
    const yaml_node *module = yaml_get(root, "module");

    if (module == NULL && !is_types_only(root))
        diagnostics_error(front->log, root->where, "a spec needs `module: NAME`");
    if (front->spec->module == NULL)
        return;
    if (front->spec->module[0] == '\0')
        diagnostics_error(front->log, module->where, "'module' needs a name");
    front_check_name(front, front->spec->module, module->where, "a module");
    if (strcmp(front->spec->module, "weir") == 0)
        diagnostics_error(front->log, module->where,
                          "'weir' cannot name a module: weir's own names in C begin with it");
}

/* The built-in types are spec text like any other. */
static void load_builtins(spec_front *front)
{
    static const char text[] =
        "Tick: {time: timestamp, n: u64}\n"
        "DeadLetter: {source: string(64), partition: i32, position: i64, time: timestamp,\n"
        "  reason: string(256), node: string(64), firing: u64, raw: bytes(4096),\n"
        "  inputs: string(4096)}\n";
    const yaml_node *types =
        yaml_parse(&front->spec->arena, "(built in)", text, sizeof text - 1, front->log);

    if (types != NULL)
        load_types(front, types);
    for (size_t i = 0; i < front->type_count; i++)
        front->types[i]->builtin = true;
}

static void load_sections(spec_front *front, const yaml_node *root)
{
    static const struct {
        const char *name;
        void (*load)(spec_front *front, const yaml_node *node);
    } rooms[] = {{"types", load_types},     {"params", load_params},
                 {"sources", load_sources}, {"accumulators", load_accumulators},
                 {"sinks", load_sinks},     {"workflows", load_workflows}};

    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        const yaml_node *node = section(front, root, rooms[i].name);
        if (node != NULL)
            rooms[i].load(front, node);
    }
    const yaml_node *graphs = section(front, root, "graphs");
    load_reactors(front, section(front, root, "reactors"), graphs);
    if (graphs != NULL)
        load_graphs(front, graphs);
    front->tests = section(front, root, "tests");
}

weir_status front_load(spec_front *front, const char *file, weir_error **error)
{
    spec *model = front->spec;
    opened_file opened = {.path = weir_arena_copy(&model->arena, file, strlen(file))};
    yaml_node *root = NULL;

    model->file = opened.path;
    if (opened.path == NULL || !add_file(front, opened.path))
        return weir_error_set(error, WEIR_NOMEM, "out of memory while reading %s", file);
    weir_status status = read_tree(front, opened.path, &root, error);
    if (status != WEIR_OK)
        return status;
    load_builtins(front);
    load_top(front, root);
    check_module(front, root);
    load_imports(front, root, &opened);
    load_sections(front, root);
    return WEIR_OK;
}
