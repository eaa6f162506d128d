/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - what the verbs of the `weir` command share. */
#ifndef WEIR_CLI_CLI_H
#define WEIR_CLI_CLI_H

#include <jansson.h>

#include <weir/codegen.h>
#include <weir/weir.h>

#include <stdio.h>

/* Exit codes. */
enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,      /* the work failed */
    CLI_USAGE = 2,       /* wrong use, or a bad spec */
    CLI_ENVIRONMENT = 3, /* a disk, a compiler, a broker */
};

/* One option of a verb; the help, the man page and the completions come from such tables. */
typedef struct cli_option {
    const char *name;  /* "--set"; a single letter may stand behind: "--output|-o" */
    const char *value; /* what its value is called ("NAME=VALUE"); NULL: it takes none */
    const char *help;
} cli_option;

/* The words of a command line, sorted by a verb's table. */
typedef struct cli_arguments {
    const char **operands; /* what is not an option, in order; NULL behind the last */
    size_t operand_count;
    struct cli_given {
        const cli_option *option;
        const char *value; /* NULL where it takes none */
    } * given;
    size_t given_count;
} cli_arguments;

typedef struct cli_verb {
    const char *name;
    const char *summary;  /* one sentence */
    const char *operands; /* "SPEC [FILE.c ...]" */
    const char *details;
    const cli_option *options;
    size_t option_count;
    size_t min_operands, max_operands;
    int (*run)(const cli_arguments *arguments);
} cli_verb;

/* The verbs, in the order of the help. */
extern const cli_verb *const cli_verbs[];
extern const size_t cli_verb_count;
extern const cli_option cli_common_options[];
extern const size_t cli_common_option_count;

/* A variable of the environment that the command reads. */
typedef struct cli_variable {
    const char *name, *help;
} cli_variable;
extern const cli_variable cli_variables[];
extern const size_t cli_variable_count;

/* The last value given for an option; NULL: not given, or it takes none. */
const char *cli_value(const cli_arguments *arguments, const char *option);
bool cli_has(const cli_arguments *arguments, const char *option);

/* --- help.c --- */

void cli_print_help(FILE *to);
void cli_print_verb_help(const cli_verb *verb);

/* --- output.c --- */

/* A line on standard error: "weir: ...". */
void cli_complain(const char *format, ...) WEIR_PRINTF(1, 2);
/* What is going on, for people: not with --quiet. */
void cli_tell(const cli_arguments *arguments, const char *format, ...) WEIR_PRINTF(2, 3);

/* Says what failed, frees the error, and gives the exit code that fits its status. */
int cli_report_error(weir_error *error);
int cli_exit_code(weir_status status);
/* Whether standard error is a terminal that shows colours; NO_COLOR forbids them. */
bool cli_in_colour(void);
/* One line of JSON on standard output; takes the value. NULL is out of memory. */
void cli_print_json(json_t *value);

/* --- printable.c: text of others, for people --- */

/* A copy that cannot steer a terminal; freed by weir_free. NULL: out of memory. */
char *cli_printable(const char *text);
/* All strings in it, in place. NULL allowed. */
void cli_make_printable(json_t *value);

/* --- kinds.c: what --kinds brings along, and libweir-kafka --- */

/* Loads the library of --kinds, if one is given. CLI_DONE, or how to end. Once, before a verb runs.
 */
int cli_load_kinds(const cli_arguments *arguments);
/* A function of libweir-kafka's; NULL: it is not there, and that was told. */
void *cli_kafka_function(const char *name);
const weir_kinds *cli_kinds(void);     /* beside weir's own; it grows by what is loaded later */
const weir_catalog *cli_catalog(void); /* all of them */

/* --- spec.c: specs and their diagnostics --- */

/* Loads and checks with the kinds of cli_catalog; prints what was found, for people or (`json`) as
 * JSON lines on standard output. NULL: *exit_code says how to end. */
weir_spec *cli_load_spec(const char *path, bool json, int *exit_code);

/* --- modules.c: a spec or a shared object becomes a loaded module --- */

typedef struct cli_module {
    const weir_module *module;
    void *object; /* of dlopen */
    char *folder; /* of the spec; paths in it are relative to it */
} cli_module;

/* Operands: `SPEC [FILE.c ...]` or `MODULE.so`. With `to_run` its node functions must be there.
 * CLI_DONE, or how to end. */
int cli_open_module(const cli_arguments *arguments, bool to_run, cli_module *ret);
void cli_close_module(cli_module *module);

/* Loads what the module's kinds need. CLI_DONE, or how to end. */
int cli_load_needed(const cli_arguments *arguments, const weir_module *module);

/* Generates and compiles; *ret_path is the shared object's, freed by the caller. */
int cli_build_module(const cli_arguments *arguments, const char *output, char **ret_path);

/* --- signals.c --- */

/* From now on the first SIGINT or SIGTERM calls `stop_it`, which may do only what a signal handler
 * may; one that comes more than a second later ends the process. */
void cli_catch_signals(void (*stop_it)(void *what), void *what);
/* There is nothing to stop any more. */
void cli_leave_signals(void);

/* --- files.c --- */

/* Writes only when the content differs, by rename. */
weir_status cli_write_file(const char *path, const void *data, size_t size, bool *ret_changed,
                           weir_error **error);
/* The whole of a file of at most `limit` bytes; ends with a NUL that is not counted. */
weir_status cli_read_file(const char *path, size_t limit, char **ret_data, size_t *ret_size,
                          weir_error **error);
char *cli_folder_of(const char *path); /* "." where there is none; NULL: out of memory */

#endif
