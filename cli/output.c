/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - how the command speaks: results on standard output, all else on standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/live.h"

void cli_complain(const char *format, ...)
{
    va_list args;

    live_make_way();
    fputs("weir: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    live_come_back();
}

void cli_tell(const cli_arguments *arguments, const char *format, ...)
{
    va_list args;

    if (cli_has(arguments, "--quiet"))
        return;
    live_make_way();
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    live_come_back();
}

int cli_exit_code(weir_status status)
{
    if (status == WEIR_SPEC || status == WEIR_INVALID || status == WEIR_NOT_FOUND ||
        status == WEIR_MISMATCH)
        return CLI_USAGE;
    if (status == WEIR_IO || status == WEIR_NOMEM || status == WEIR_CLOSED || status == WEIR_AGAIN)
        return CLI_ENVIRONMENT;
    return CLI_FAILED;
}

int cli_report_error(weir_error *error)
{
    int code = cli_exit_code(weir_error_status(error));
    weir_place place = weir_error_place(error);
    char *message = cli_printable(weir_error_message(error));

    if (place.file != NULL && place.line != 0)
        fprintf(stderr, "%s:%u:%u: error: %s\n", place.file, place.line, place.column,
                message != NULL ? message : "out of memory");
    else
        cli_complain("%s", message != NULL ? message : "out of memory");
    weir_free(message);
    weir_error_free(error);
    return code;
}

bool cli_in_colour(void)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(STDERR_FILENO) && (no == NULL || no[0] == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

void cli_print_json(json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    if (text != NULL)
        puts(text);
    else
        cli_complain("out of memory");
    free(text);
    json_decref(value);
}
