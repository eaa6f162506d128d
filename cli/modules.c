/* SPDX-License-Identifier: Apache-2.0 */
/* modules.c - generates, compiles and loads: a spec becomes a shared object in the cache. */
#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cache.h"
#include "cli/cli.h"
#include "cli/compile.h"
#include "codegen/emit/module.h"

/* --- Building --- */

typedef struct build {
    const cli_arguments *arguments;
    weir_spec *spec;
    const char *name;           /* of the module */
    char *own_folder;           /* of the spec */
    weir_buffer header, source; /* generated */
    weir_buffer include;        /* the folder of weir's headers */
    weir_buffer folder;         /* of this build, in the cache */
    weir_buffer list;           /* of the headers that the object was made with */
    weir_buffer object;
} build;

/* The headers beside this program: of the installed tree, or of the build's sources. */
static void find_include(weir_buffer *folder)
{
    char self[4096];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    self[size > 0 ? size : 0] = '\0';
    if ((slash = strrchr(self, '/')) != NULL) {
        weir_buffer header = {0};
        weir_buffer_printf(&header, "%.*s/../include/weir/weir.h", (int)(slash - self), self);
        if (!header.failed && access(header.data, R_OK) == 0)
            weir_buffer_printf(folder, "%.*s/../include", (int)(slash - self), self);
        weir_buffer_free(&header);
    }
    if (folder->size == 0)
        weir_buffer_text(folder, WEIR_SOURCE_INCLUDE);
}

static weir_status generate(build *b, weir_error **error)
{
    char include[300];

    b->name = emit_module_name(b->spec);
    snprintf(include, sizeof include, "%s.weir.h", b->name);
    find_include(&b->include);
    if (!emit_header(b->spec, &b->header) || !emit_source(b->spec, include, &b->source) ||
        b->include.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return WEIR_OK;
}

/* weir's own headers: an object made with others does not fit. */
static weir_status digest_headers(const build *b, weir_digest *sum, weir_error **error)
{
    weir_buffer pattern = {0};
    glob_t found;
    weir_status status = WEIR_OK;

    weir_buffer_printf(&pattern, "%s/weir/*.h", b->include.data);
    if (pattern.failed) {
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    } else if (glob(pattern.data, 0, NULL, &found) != 0) {
        status = weir_error_set(error, WEIR_IO, "cannot read weir's headers in '%s/weir'",
                                b->include.data);
    } else {
        for (size_t i = 0; i < found.gl_pathc && status == WEIR_OK; i++)
            status = cache_digest_file(sum, found.gl_pathv[i], error);
        globfree(&found);
    }
    weir_buffer_free(&pattern);
    return status;
}

static weir_status digest_inputs(const build *b, weir_digest *sum, weir_error **error)
{
    char *signature = compile_signature();

    if (signature == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_digest_add_text(sum, WEIR_VERSION);
    weir_digest_add_text(sum, signature);
    weir_digest_add_text(sum, b->own_folder);
    weir_digest_add(sum, b->header.data, b->header.size);
    weir_digest_add(sum, b->source.data, b->source.size);
    weir_free(signature);
    weir_status status = digest_headers(b, sum, error);
    for (size_t i = 1; i < b->arguments->operand_count && status == WEIR_OK; i++)
        status = cache_digest_file(sum, b->arguments->operands[i], error);
    return status;
}

static weir_status name_places(build *b, const char *output, weir_error **error)
{
    weir_digest sum = WEIR_DIGEST_START;
    weir_status status = digest_inputs(b, &sum, error);

    if (status == WEIR_OK)
        status = cache_folder(b->name, sum, &b->folder, error);
    if (status != WEIR_OK)
        return status;
    weir_buffer_printf(&b->list, "%s/headers", b->folder.data);
    if (output != NULL)
        weir_buffer_text(&b->object, output);
    else
        weir_buffer_printf(&b->object, "%s/%s.so", b->folder.data, b->name);
    return b->list.failed || b->object.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                                              : WEIR_OK;
}

static weir_status write_generated(const build *b, const char *source, weir_error **error)
{
    weir_buffer header = {0};
    bool changed;

    weir_buffer_printf(&header, "%s/%s.weir.h", b->folder.data, b->name);
    weir_status status = header.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                                       : cli_write_file(header.data, b->header.data, b->header.size,
                                                        &changed, error);
    weir_buffer_free(&header);
    return status == WEIR_OK
               ? cli_write_file(source, b->source.data, b->source.size, &changed, error)
               : status;
}

/* Compiles beside the places and renames, so that two runs at once do not disturb each other. */
static weir_status compile(const build *b, const compile_job *job, weir_error **error)
{
    weir_buffer temporary = {0}, rules = {0};
    weir_status status = WEIR_OK;

    weir_buffer_printf(&temporary, "%s.%ld", b->object.data, (long)getpid());
    weir_buffer_printf(&rules, "%s.%ld", b->list.data, (long)getpid());
    if (temporary.failed || rules.failed)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = compile_object(job, temporary.data, error);
    if (status == WEIR_OK && job->files[0] != NULL)
        status = compile_rules(job, rules.data, error);
    if (status == WEIR_OK && job->files[0] != NULL)
        status = cache_write_headers(rules.data, b->folder.data, b->list.data, error);
    if (status == WEIR_OK && rename(temporary.data, b->object.data) != 0)
        status = weir_error_set(error, WEIR_IO, "cannot write '%s': %s", b->object.data,
                                strerror(errno));
    if (!temporary.failed && status != WEIR_OK)
        unlink(temporary.data);
    if (!rules.failed)
        unlink(rules.data);
    weir_buffer_free(&temporary);
    weir_buffer_free(&rules);
    return status;
}

static weir_status build_object(const build *b, weir_error **error)
{
    weir_buffer source = {0};

    weir_status status = cache_make_folder(b->folder.data, error);
    weir_buffer_printf(&source, "%s/%s.weir.c", b->folder.data, b->name);
    if (status == WEIR_OK && source.failed)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = write_generated(b, source.data, error);
    if (status == WEIR_OK)
        status = compile(b,
                         &(compile_job){.generated = source.data,
                                        .generated_folder = b->folder.data,
                                        .spec_folder = b->own_folder,
                                        .weir_include = b->include.data,
                                        .files = b->arguments->operands + 1},
                         error);
    weir_buffer_free(&source);
    return status;
}

static bool is_built(const build *b)
{
    return access(b->object.data, R_OK) == 0 &&
           (b->arguments->operand_count == 1 || cache_headers_fit(b->list.data));
}

static weir_status find_or_build(build *b, const char *output, weir_error **error)
{
    b->own_folder = cli_folder_of(b->arguments->operands[0]);
    if (b->own_folder == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = generate(b, error);
    if (status == WEIR_OK)
        status = name_places(b, output, error);
    if (status != WEIR_OK || (output == NULL && is_built(b)))
        return status;
    return build_object(b, error);
}

int cli_build_module(const cli_arguments *arguments, const char *output, char **ret_path)
{
    build b = {.arguments = arguments};
    weir_error *error = NULL;
    int code;

    b.spec = cli_load_spec(arguments->operands[0], false, &code);
    if (b.spec == NULL)
        return code;
    weir_status status = find_or_build(&b, output, &error);
    if (status == WEIR_OK)
        *ret_path = b.object.data;
    else
        weir_buffer_free(&b.object);
    weir_buffer_free(&b.header);
    weir_buffer_free(&b.source);
    weir_buffer_free(&b.include);
    weir_buffer_free(&b.folder);
    weir_buffer_free(&b.list);
    weir_free(b.own_folder);
    weir_spec_free(b.spec);
    return status == WEIR_OK ? CLI_DONE : cli_report_error(error);
}

/* --- Loading --- */

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), size = strlen(ending);

    return length >= size && strcmp(text + length - size, ending) == 0;
}

/* The module's descriptor is MODULE_module; MODULE is the object's own name up to the first dot, as
 * C has it. */
static const weir_module *find_descriptor(void *object, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char module[256], symbol[300];

    snprintf(module, sizeof module, "%.*s", (int)strcspn(name, "."), name);
    snprintf(symbol, sizeof symbol, "%s_module", emit_snake(module).text);
    return dlsym(object, symbol);
}

/* A node function that nobody wrote, or whose file was not given, is the usual reason. */
static int complain_of_object(const char *path, const char *reason)
{
    static const char undefined[] = "undefined symbol: ";
    const char *symbol = reason != NULL ? strstr(reason, undefined) : NULL;

    if (symbol == NULL) {
        cli_complain("cannot load '%s': %s", path, reason != NULL ? reason : "out of memory");
        return CLI_ENVIRONMENT;
    }
    cli_complain("the function '%s' is missing: give the C file that holds it behind the spec "
                 "('weir gen --scaffold' writes one to begin with)",
                 symbol + sizeof undefined - 1);
    return CLI_USAGE;
}

static int load_object(const char *path, bool to_run, cli_module *ret)
{
    weir_buffer full = {0};

    /* dlopen looks for a bare name in the system's folders. */
    weir_buffer_printf(&full, "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    ret->object =
        full.failed ? NULL : dlopen(full.data, (to_run ? RTLD_NOW : RTLD_LAZY) | RTLD_LOCAL);
    weir_buffer_free(&full);
    if (ret->object == NULL) {
        return complain_of_object(path, dlerror());
    }
    ret->module = find_descriptor(ret->object, path);
    if (ret->module != NULL)
        return CLI_DONE;
    cli_complain("'%s' holds no module of its name; was it built by 'weir build'?", path);
    return CLI_USAGE;
}

int cli_open_module(const cli_arguments *arguments, bool to_run, cli_module *ret)
{
    const char *first = arguments->operands[0];
    char *path = NULL;

    *ret = (cli_module){.folder = cli_folder_of(first)};
    if (ret->folder == NULL) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    int code = CLI_DONE;
    if (!ends_with(first, ".so"))
        code = cli_build_module(arguments, NULL, &path);
    if (code == CLI_DONE)
        code = load_object(path != NULL ? path : first, to_run, ret);
    weir_free(path);
    if (code == CLI_DONE && to_run)
        code = cli_load_needed(arguments, ret->module);
    if (code != CLI_DONE)
        cli_close_module(ret);
    return code;
}

void cli_close_module(cli_module *module)
{
    if (module->object != NULL)
        dlclose(module->object);
    weir_free(module->folder);
    *module = (cli_module){0};
}
