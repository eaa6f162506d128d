/* SPDX-License-Identifier: Apache-2.0 */
/* cron.c - weir cron next: the moments that a schedule means. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "core/buffer.h"
#include "core/calendar.h"
#include "workflow/cron.h"

enum { MOST = 100000, SECOND_NS = 1000000000, LONGEST_TIME = 32, DAY_S = 86400 };

/* What is asked for. */
typedef struct question {
    const char *text, *zone, *from; /* from NULL: now */
    int64_t count;
} question;

/* "2026-03-29T03:00:00+02:00" as the zone's clocks show it. An offset of odd seconds, as before
 * time zones, has no such text: then in UTC. */
static bool print_time(const weir_zone *zone, int64_t time, char *text)
{
    int32_t offset = weir_zone_period(zone, time).offset;
    char sign = offset < 0 ? '-' : '+';

    offset = offset % 60 == 0 ? offset : 0;
    int64_t local = time + offset, second = (local % DAY_S + DAY_S) % DAY_S;
    char *end = weir_calendar_print_date(text, (int32_t)((local - second) / DAY_S));
    if (end == NULL)
        return false;
    end += sprintf(end, "T%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60),
                   (int)(second % 60));
    if (offset == 0)
        strcpy(end, "Z");
    else
        sprintf(end, "%c%02d:%02d", sign, abs(offset) / 3600, abs(offset) / 60 % 60);
    return true;
}

static weir_status read_from(const char *text, int64_t *ret, weir_error **error)
{
    bool beyond = false;
    int64_t ns;

    *ret = (int64_t)time(NULL);
    if (text == NULL)
        return WEIR_OK;
    if (!weir_calendar_read_time(text, strlen(text), &ns, &beyond))
        return weir_error_set(
            error, WEIR_INVALID,
            "'%s' is no time; write it as 2026-03-29T01:30:00+01:00 or 2026-03-29%s", text,
            beyond ? ", of the years 1678 to 2261" : "");
    *ret = (ns - (ns % SECOND_NS + SECOND_NS) % SECOND_NS) / SECOND_NS;
    return WEIR_OK;
}

/* Adds the moments to `list` as texts; fewer where there are no more. */
static weir_status find_moments(const question *q, json_t *list, weir_error **error)
{
    weir_zone *zone = NULL;
    weir_cron cron;
    int64_t at = 0;
    char text[LONGEST_TIME];
    weir_status status = weir_cron_read(q->text, &cron, error);

    if (status == WEIR_OK)
        status = read_from(q->from, &at, error);
    if (status == WEIR_OK)
        status = weir_zone_open(q->zone, &zone, error);
    for (int64_t i = 0; status == WEIR_OK && i < q->count; i++) {
        if (!weir_cron_next(&cron, zone, at, &at) || !print_time(zone, at, text))
            break;
        if (json_array_append_new(list, json_string(text)) != 0)
            status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    weir_zone_free(zone);
    return status;
}

static bool read_count(const char *text, int64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    if (errno == 0 && *end == '\0' && end != text && *ret >= 1 && *ret <= MOST)
        return true;
    cli_complain("-n takes a number from 1 to %d, not '%s'", MOST, text);
    return false;
}

/* --- One schedule --- */

static int print_moments(const question *q, bool json)
{
    json_t *list = json_array(), *moment;
    weir_error *error = NULL;
    size_t i;

    if (list == NULL || find_moments(q, list, &error) != WEIR_OK) {
        json_decref(list);
        return cli_report_error(error);
    }
    if (json_array_size(list) == 0)
        cli_complain("'%s' means no moment after that", q->text);
    if (json) {
        cli_print_json(list);
        return CLI_DONE;
    }
    json_array_foreach(list, i, moment) puts(json_string_value(moment));
    json_decref(list);
    return CLI_DONE;
}

/* The words of the expression, which a shell may have taken apart. */
static int print_next(const cli_arguments *arguments)
{
    const char *count = cli_value(arguments, "--count"), *zone = cli_value(arguments, "--zone");
    question q = {
        .from = cli_value(arguments, "--from"), .zone = zone != NULL ? zone : "UTC", .count = 5};
    weir_buffer text = {0};

    if (count != NULL && !read_count(count, &q.count))
        return CLI_USAGE;
    for (size_t i = 1; i < arguments->operand_count; i++)
        weir_buffer_printf(&text, "%s%s", i > 1 ? " " : "", arguments->operands[i]);
    if (text.failed || text.size == 0) {
        cli_complain(text.failed ? "out of memory"
                                 : "which schedule? weir cron next -- '0 2 * * *'");
        weir_buffer_free(&text);
        return CLI_USAGE;
    }
    q.text = text.data;
    int code = print_moments(&q, cli_has(arguments, "--json"));
    weir_buffer_free(&text);
    return code;
}

/* --- Many --- */

/* `q` points into *ret_object, which the caller lets go. */
static weir_status read_question(const char *line, json_t **ret_object, question *q,
                                 weir_error **error)
{
    json_error_t wrong;
    json_int_t count = 1;

    *q = (question){.zone = "UTC"};
    *ret_object = json_loads(line, 0, &wrong);
    if (*ret_object == NULL ||
        json_unpack_ex(*ret_object, &wrong, 0, "{s:s, s?:s, s?:s, s?:I}", "expr", &q->text, "zone",
                       &q->zone, "from", &q->from, "n", &count) != 0)
        return weir_error_set(error, WEIR_INVALID, "%s", wrong.text);
    if (count < 1 || count > MOST)
        return weir_error_set(error, WEIR_INVALID, "n is 1 to %d", MOST);
    q->count = count;
    return WEIR_OK;
}

static json_t *answer_of(const char *line)
{
    json_t *object, *list = json_array(), *answer = NULL;
    weir_error *error = NULL;
    question q;
    weir_status status = read_question(line, &object, &q, &error);

    if (status == WEIR_OK && list != NULL)
        status = find_moments(&q, list, &error);
    if (status != WEIR_OK)
        answer = json_pack("{s:s}", "error", weir_error_message(error));
    else if (list != NULL)
        answer = json_pack("{s:O}", "next", list);
    weir_error_free(error);
    json_decref(list);
    json_decref(object);
    return answer;
}

static int answer_lines(void)
{
    char *line = NULL;
    size_t room = 0;

    for (ssize_t size; (size = getline(&line, &room, stdin)) >= 0;) {
        json_t *answer = answer_of(line);
        cli_print_json(answer);
        if (answer == NULL)
            break;
    }
    free(line);
    if (!feof(stdin)) {
        cli_complain("standard input cannot be read: %s", strerror(errno));
        return CLI_ENVIRONMENT;
    }
    return CLI_DONE;
}

static int run(const cli_arguments *arguments)
{
    if (strcmp(arguments->operands[0], "next") != 0) {
        cli_complain("'weir cron' can tell what is 'next', not '%s'", arguments->operands[0]);
        return CLI_USAGE;
    }
    if (!cli_has(arguments, "--batch"))
        return print_next(arguments);
    if (arguments->operand_count == 1)
        return answer_lines();
    cli_complain("--batch reads its schedules from standard input");
    return CLI_USAGE;
}

static const cli_option options[] = {
    {"--zone", "ZONE", "whose clocks are meant, as Europe/Berlin (default: UTC)"},
    {"--from", "TIME", "moments strictly after this one, in RFC 3339 (default: now)"},
    {"--count|-n", "N", "how many (default: 5)"},
    {"--json", NULL, "one array of texts"},
    {"--batch", NULL,
     "reads lines {\"expr\", \"zone\", \"from\", \"n\"}, answers each with {\"next\": [..]} or "
     "{\"error\": \"..\"}"},
};

const cli_verb cli_cron = {
    .name = "cron",
    .summary = "Tells which moments a schedule means.",
    .operands = "next [-- EXPR]",
    .details = "EXPR has five fields (minute, hour, day of month, month, day of week), or six with "
               "the second before them, or is @daily and the like. Put it behind --, in quotes.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = 64,
    .run = run,
};
