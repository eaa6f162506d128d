/* SPDX-License-Identifier: Apache-2.0 */
/* modules.c - generates, compiles and loads: a spec becomes a shared object in the cache.
 *
 * The cache is found by a digest over all that goes into the object: the spec and its imports (as
 * generated C), the user's files, the compiler's name and flags, and weir's own version. So a hit
 * is never stale, and nothing is ever rebuilt silently for another reason.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/gen.h"
#include "codegen/emit/module.h"
#include "core/buffer.h"

/* --- Digest --------------------------------------------------------------------------------------
 */

/* FNV-1a twice over, from two starts: 128 bits, for telling files apart, not for safety. */
typedef struct digest {
    uint64_t a, b;
} digest;

static void digest_add(digest *sum, const void *data, size_t size)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < size; i++) {
        sum->a = (sum->a ^ at[i]) * 0x100000001b3u;
        sum->b = (sum->b ^ at[i]) * 0x100000001b3u + 1;
    }
    sum->a ^= size;
    sum->b += size;
}

static void digest_text(digest *sum, const char *text)
{
    digest_add(sum, text, strlen(text) + 1);
}

/* --- Places --------------------------------------------------------------------------------------
 */

/* $XDG_CACHE_HOME/weir, else ~/.cache/weir. */
static bool cache_folder(weir_buffer *folder)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache != NULL && cache[0] == '/')
        weir_buffer_printf(folder, "%s/weir", cache);
    else if (home != NULL && home[0] != '\0')
        weir_buffer_printf(folder, "%s/.cache/weir", home);
    return folder->size != 0 && !folder->failed;
}

static weir_status make_folders(char *path, weir_error **error)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        bool good = mkdir(path, 0777) == 0 || errno == EEXIST;
        int code = errno;
        if (slash != NULL)
            *slash = '/';
        if (!good)
            return weir_error_set(error, WEIR_IO,
                                  "cannot make the cache folder '%s': %s; set XDG_CACHE_HOME to a "
                                  "folder that can be written",
                                  path, strerror(code));
        if (slash == NULL)
            return WEIR_OK;
    }
}

/* The headers beside this program: of the installed tree, or of the build's sources. */
static void include_folder(weir_buffer *folder)
{
    char self[4096];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

    if (size > 0) {
        self[size] = '\0';
        char *slash = strrchr(self, '/');
        if (slash != NULL) {
            *slash = '\0';
            weir_buffer_printf(folder, "%s/../include", self);
            weir_buffer header = {0};
            weir_buffer_printf(&header, "%s/weir/weir.h", folder->data);
            bool there = !header.failed && access(header.data, R_OK) == 0;
            weir_buffer_free(&header);
            if (there)
                return;
            folder->size = 0;
        }
    }
    weir_buffer_text(folder, WEIR_SOURCE_INCLUDE);
}

/* --- Compiling
 * ------------------------------------------------------------------------------------ */

typedef struct build {
    const cli_arguments *arguments;
    weir_spec *spec;
    weir_buffer header, source; /* generated */
    weir_buffer folder;         /* of this build, in the cache */
    weir_buffer include;
    char *own_folder; /* of the spec */
} build;

static const char *compiler(void)
{
    const char *cc = getenv("CC");

    return cc != NULL && cc[0] != '\0' ? cc : "cc";
}

static const char *const flags[] = {"-std=c17",          "-O2",  "-g", "-fPIC", "-shared",
                                    "-ffp-contract=off", "-Wall"};
enum { FLAGS = sizeof flags / sizeof *flags };

static weir_status digest_inputs(const build *b, digest *sum, weir_error **error)
{
    digest_text(sum, WEIR_VERSION);
    digest_text(sum, compiler());
    for (size_t i = 0; i < FLAGS; i++)
        digest_text(sum, flags[i]);
    digest_text(sum, b->include.data);
    digest_add(sum, b->header.data, b->header.size);
    digest_add(sum, b->source.data, b->source.size);
    for (size_t i = 1; i < b->arguments->operand_count; i++) {
        char *data;
        size_t size;
        weir_status status =
            cli_read_file(b->arguments->operands[i], (size_t)64 << 20, &data, &size, error);
        if (status != WEIR_OK)
            return status;
        digest_text(sum, b->arguments->operands[i]);
        digest_add(sum, data, size);
        weir_free(data);
    }
    return WEIR_OK;
}

/* Runs the compiler; its own messages go where ours go, as they are. */
static weir_status run_compiler(char *const *words, weir_error **error)
{
    pid_t child;
    int state = 0;
    int code = posix_spawnp(&child, words[0], NULL, NULL, words, environ);

    if (code != 0)
        return weir_error_set(
            error, WEIR_IO,
            "cannot run the C compiler '%s': %s; install one (Debian: apt install "
            "gcc), or name another by CC",
            words[0], strerror(code));
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return weir_error_set(error, WEIR_IO, "lost the C compiler: %s", strerror(errno));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return WEIR_OK;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return weir_error_set(error, WEIR_IO,
                              "there is no C compiler '%s'; install one (Debian: apt install gcc), "
                              "or name another by CC",
                              words[0]);
    return weir_error_set(error, WEIR_SPEC, "the C compiler refused the module");
}

static char *copy_word(weir_buffer *word)
{
    char *text = word->failed ? NULL : word->data;

    *word = (weir_buffer){0};
    return text;
}

static weir_status compile(const build *b, const char *object, weir_error **error)
{
    size_t room = FLAGS + b->arguments->operand_count + 10, count = 0;
    char **words = weir_alloc_array(room, sizeof *words);
    weir_buffer source = {0}, own = {0}, generated = {0}, include = {0}, system = {0};

    if (words == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_buffer_printf(&source, "%s/%s.weir.c", b->folder.data, emit_module_name(b->spec));
    weir_buffer_printf(&generated, "-I%s", b->folder.data);
    weir_buffer_printf(&own, "-I%s", b->own_folder);
    weir_buffer_printf(&include, "-isystem%s", b->include.data);
    (void)system;
    char *made[] = {copy_word(&source), copy_word(&generated), copy_word(&own),
                    copy_word(&include)};
    char *cc = weir_strdup(compiler()), *output = weir_strdup(object);
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (made[i] == NULL || cc == NULL || output == NULL)
            status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    char dash_o[] = "-o";
    words[count++] = cc;
    for (size_t i = 0; i < FLAGS; i++)
        words[count++] = (char *)(uintptr_t)flags[i];
    for (size_t i = 1; i < sizeof made / sizeof *made; i++)
        words[count++] = made[i];
    words[count++] = made[0];
    for (size_t i = 1; i < b->arguments->operand_count; i++)
        words[count++] = (char *)(uintptr_t)b->arguments->operands[i];
    words[count++] = dash_o;
    words[count++] = output;
    words[count] = NULL;
    if (status == WEIR_OK)
        status = run_compiler(words, error);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        weir_free(made[i]);
    weir_free(cc);
    weir_free(output);
    weir_free(words);
    return status;
}

static weir_status generate(build *b, weir_error **error)
{
    char include[300];

    snprintf(include, sizeof include, "%s.weir.h", emit_module_name(b->spec));
    if (!emit_header(b->spec, &b->header) || !emit_source(b->spec, include, &b->source))
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    include_folder(&b->include);
    return b->include.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory") : WEIR_OK;
}

static weir_status write_generated(const build *b, weir_error **error)
{
    weir_buffer path = {0};
    bool changed;

    weir_buffer_printf(&path, "%s/%s.weir.h", b->folder.data, emit_module_name(b->spec));
    weir_status status = cli_write_file(path.data, b->header.data, b->header.size, &changed, error);
    path.data[path.size - 1] = 'c';
    if (status == WEIR_OK)
        status = cli_write_file(path.data, b->source.data, b->source.size, &changed, error);
    weir_buffer_free(&path);
    return status;
}

/* Compiles beside the object's place and renames, so that two runs at once do not disturb each
 * other. */
static weir_status build_object(build *b, const char *object, weir_error **error)
{
    weir_buffer temporary = {0};

    weir_status status = make_folders(b->folder.data, error);
    if (status == WEIR_OK)
        status = write_generated(b, error);
    weir_buffer_printf(&temporary, "%s.%ld", object, (long)getpid());
    if (status == WEIR_OK && temporary.failed)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = compile(b, temporary.data, error);
    if (status == WEIR_OK && rename(temporary.data, object) != 0)
        status = weir_error_set(error, WEIR_IO, "cannot write '%s': %s", object, strerror(errno));
    weir_buffer_free(&temporary);
    return status;
}

static weir_status find_or_build(build *b, const char *output, weir_buffer *object,
                                 weir_error **error)
{
    digest sum = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
    weir_status status = generate(b, error);

    if (status == WEIR_OK)
        status = digest_inputs(b, &sum, error);
    if (status != WEIR_OK)
        return status;
    if (!cache_folder(&b->folder))
        return weir_error_set(error, WEIR_IO,
                              "there is no cache folder: set HOME or XDG_CACHE_HOME");
    weir_buffer_printf(&b->folder, "/%s-%016llx%016llx", emit_module_name(b->spec),
                       (unsigned long long)sum.a, (unsigned long long)sum.b);
    if (output != NULL)
        weir_buffer_text(object, output);
    else
        weir_buffer_printf(object, "%s/%s.so", b->folder.data, emit_module_name(b->spec));
    if (b->folder.failed || object->failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (output == NULL && access(object->data, R_OK) == 0)
        return WEIR_OK;
    return build_object(b, object->data, error);
}

int cli_build_module(const cli_arguments *arguments, const char *output, char **ret_path)
{
    build b = {.arguments = arguments};
    weir_buffer object = {0};
    weir_error *error = NULL;
    int code;

    b.spec = cli_load_spec(arguments->operands[0], cli_catalog(), &code);
    if (b.spec == NULL)
        return code;
    b.own_folder = cli_folder_of(arguments->operands[0]);
    weir_status status = b.own_folder != NULL ? find_or_build(&b, output, &object, &error)
                                              : weir_error_set(&error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        *ret_path = object.data;
    else
        weir_buffer_free(&object);
    weir_buffer_free(&b.header);
    weir_buffer_free(&b.source);
    weir_buffer_free(&b.folder);
    weir_buffer_free(&b.include);
    weir_free(b.own_folder);
    weir_spec_free(b.spec);
    return status == WEIR_OK ? CLI_DONE : cli_report_error(error);
}

/* --- Loading -------------------------------------------------------------------------------------
 */

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
