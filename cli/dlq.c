/* SPDX-License-Identifier: Apache-2.0 */
/* dlq.c - weir dlq: what is in a dead-letter topic or file, and back to where it came from. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/dlq.h"
#include "core/expand.h"
#include "core/text.h"

enum { SHOWN = 200 }; /* bytes of a value, for people */

/* --- Showing --- */

static void print_bytes(weir_slice bytes)
{
    size_t size = bytes.size < SHOWN ? bytes.size : SHOWN;

    if (bytes.data == NULL)
        printf("none");
    for (size_t i = 0; i < size; i++)
        if (bytes.data[i] >= ' ' && bytes.data[i] < 127)
            putchar(bytes.data[i]);
        else
            printf("\\x%02x", bytes.data[i]);
    if (size < bytes.size)
        printf(" ... (%zu bytes)", bytes.size);
}

/* Headers are of whoever wrote to the topic. */
static void print_text(const char *before, const char *text, const char *after)
{
    char *clean = cli_printable(text);

    printf("%s%s%s", before, clean != NULL ? clean : "out of memory", after);
    weir_free(clean);
}

static void print_for_people(const kafka_letter *letter)
{
    struct tm parts;
    time_t seconds = (time_t)(letter->time / 1000);
    const char *from = letter->topic != NULL ? letter->topic : letter->source;
    char time[32] = "";

    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &parts);
    printf("%d/%" PRId64 "  %s  ", (int)letter->partition, letter->offset, time);
    print_text("", letter->reason != NULL ? letter->reason : "(no reason given)", "");
    if (letter->node != NULL)
        print_text(" (in ", letter->node, ")");
    print_text("\n    from ", from != NULL ? from : "(it does not say)", "");
    if (letter->from_partition >= 0)
        printf(" %" PRId64 "/%" PRId64, letter->from_partition, letter->from_offset);
    if (letter->retries != 0)
        printf(", sent back %" PRId64 " times before", letter->retries);
    if (!letter->whole)
        printf(", not whole");
    printf("%s\n    key ", letter->done ? ", sent back" : "");
    print_bytes(letter->key);
    printf("\n    value ");
    print_bytes(letter->value);
    printf("\n");
}

/* As text, or what is no UTF-8 as {"hex": ..}. */
static json_t *text_of(weir_slice bytes)
{
    json_t *text = bytes.data != NULL
                       ? json_stringn((const char *)(const void *)bytes.data, bytes.size)
                       : json_null();
    char *hex;

    if (text != NULL || (hex = malloc(2 * bytes.size + 1)) == NULL)
        return text;
    for (size_t i = 0; i < bytes.size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    text = json_pack("{s:s}", "hex", hex);
    free(hex);
    return text;
}

static void print_for_machines(const kafka_letter *letter)
{
    cli_print_json(json_pack(
        "{s:i, s:I, s:I, s:s*, s:s*, s:s*, s:s*, s:I, s:I, s:I, s:b, s:b, s:o, s:o}", "partition",
        (int)letter->partition, "offset", (json_int_t)letter->offset, "time",
        (json_int_t)letter->time, "source", letter->source, "topic", letter->topic, "reason",
        letter->reason, "node", letter->node, "from_partition", (json_int_t)letter->from_partition,
        "from_offset", (json_int_t)letter->from_offset, "retries", (json_int_t)letter->retries,
        "whole", letter->whole, "sent_back", letter->done, "key", text_of(letter->key), "value",
        text_of(letter->value)));
}

static bool is_meant(const kafka_letter *letter, const dlq_selection *choice)
{
    return (choice->partition < 0 || letter->partition == choice->partition) &&
           letter->offset >= choice->from && letter->offset <= choice->to &&
           (choice->reason == NULL ||
            (letter->reason != NULL && strstr(letter->reason, choice->reason) != NULL));
}

bool dlq_show(const kafka_letter *letter, void *arg)
{
    dlq_selection *choice = arg;

    if (!is_meant(letter, choice) || choice->count >= choice->most)
        return false;
    choice->count++;
    if (choice->json)
        print_for_machines(letter);
    else
        print_for_people(letter);
    return true;
}

bool dlq_choose(const kafka_letter *letter, void *arg)
{
    dlq_selection *choice = arg;

    if (!is_meant(letter, choice) || choice->count >= choice->most)
        return false;
    choice->count += !letter->done && letter->whole;
    return true;
}

/* --- A topic --- */

void dlq_tell(const cli_arguments *arguments, const kafka_letters_result *result, bool retry,
              bool dry)
{
    if (!retry)
        cli_tell(arguments, "%" PRIu64 " of %" PRIu64 " letters\n", result->wanted, result->read);
    else
        cli_tell(arguments,
                 "%" PRIu64 " letters, %" PRIu64 " %s; %" PRIu64 " were sent back before, %" PRIu64
                 " are not whole and stay\n",
                 result->read, dry ? result->wanted - result->done - result->broken : result->sent,
                 dry ? "would be sent back" : "sent back", result->done, result->broken);
}

weir_status dlq_read_properties(const cli_arguments *arguments, weir_pairs *ret, weir_error **error)
{
    ret->items = weir_alloc_array(arguments->given_count + 1, sizeof *ret->items);
    if (ret->items == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (size_t i = 0; i < arguments->given_count; i++) {
        const char *value = arguments->given[i].value;
        if (strncmp(arguments->given[i].option->name, "--property", 10) != 0)
            continue;
        const char *equals = strchr(value, '=');
        if (equals == NULL)
            return weir_error_set(error, WEIR_SPEC, "--property takes NAME=VALUE");
        char *name = weir_strdup(value), *text = NULL;
        weir_status status = name != NULL ? weir_expand(equals + 1, NULL, &text, error)
                                          : weir_error_set(error, WEIR_NOMEM, "out of memory");
        ret->items[ret->count++] = (weir_pair){name, text};
        if (status != WEIR_OK)
            return status;
        name[equals - value] = '\0';
    }
    return WEIR_OK;
}

void dlq_free_properties(weir_pairs *properties)
{
    for (size_t i = 0; i < properties->count; i++) {
        weir_free(properties->items[i].name);
        weir_free(properties->items[i].text);
    }
    weir_free(properties->items);
}

static int use_topic(const cli_arguments *arguments, dlq_selection *choice, bool retry)
{
    void *symbol = cli_kafka_function("weir_kafka_letters");
    kafka_letters_function *letters;
    bool dry = cli_has(arguments, "--dry-run");
    kafka_letters_result result;
    weir_error *error = NULL;

    if (symbol == NULL)
        return CLI_ENVIRONMENT;
    memcpy(&letters, &symbol, sizeof letters);
    kafka_letters_request request = {.brokers = cli_value(arguments, "--brokers"),
                                     .topic = arguments->operands[1],
                                     .group = cli_value(arguments, "--group"),
                                     .wants = retry ? dlq_choose : dlq_show,
                                     .arg = choice,
                                     .retry = retry && !dry,
                                     .again = cli_has(arguments, "--again")};
    weir_status status = dlq_read_properties(arguments, &request.properties, &error);
    if (status == WEIR_OK)
        status = letters(&request, &result, &error);
    dlq_free_properties(&request.properties);
    if (status != WEIR_OK)
        return cli_report_error(error);
    dlq_tell(arguments, &result, retry, dry);
    return CLI_DONE;
}

/* --- The verb --- */

static bool read_number(const cli_arguments *arguments, const char *option, int64_t *ret)
{
    const char *text = cli_value(arguments, option);

    if (text == NULL || (weir_text_integer(text, ret) && *ret >= 0))
        return true;
    cli_complain("%s takes a number, not '%s'", option, text);
    return false;
}

/* No topic has a slash in its name. */
static bool is_file(const cli_arguments *arguments)
{
    const char *where = arguments->operands[1];
    size_t size = strlen(where);

    return cli_value(arguments, "--brokers") == NULL || strchr(where, '/') != NULL ||
           (size > 6 && strcmp(where + size - 6, ".jsonl") == 0);
}

static int use_file(const cli_arguments *arguments, dlq_selection *choice, bool retry)
{
    const char *where = arguments->operands[1];

    if (access(where, R_OK) != 0) {
        cli_complain("there is no file '%s'; a topic needs --brokers", where);
        return CLI_USAGE;
    }
    if (!retry)
        return dlq_show_file(where, choice);
    if (cli_value(arguments, "--brokers") == NULL) {
        cli_complain("'weir dlq retry' needs --brokers: where the records go back to");
        return CLI_USAGE;
    }
    if (cli_value(arguments, "--group") != NULL) {
        cli_complain("no group remembers the letters of a file; '%s.sent' does", where);
        return CLI_USAGE;
    }
    return dlq_retry_file(arguments, where, choice);
}

static int run(const cli_arguments *arguments)
{
    const char *what = arguments->operands[0];
    bool retry = strcmp(what, "retry") == 0;
    dlq_selection choice = {.reason = cli_value(arguments, "--reason"),
                            .partition = -1,
                            .to = INT64_MAX,
                            .most = INT64_MAX,
                            .json = cli_has(arguments, "--json")};

    if (!retry && strcmp(what, "show") != 0) {
        cli_complain("'weir dlq' can 'show' and 'retry', not '%s'", what);
        return CLI_USAGE;
    }
    if (!read_number(arguments, "--partition", &choice.partition) ||
        !read_number(arguments, "--from", &choice.from) ||
        !read_number(arguments, "--to", &choice.to) ||
        !read_number(arguments, "--count", &choice.most))
        return CLI_USAGE;
    return is_file(arguments) ? use_file(arguments, &choice, retry)
                              : use_topic(arguments, &choice, retry);
}

static const cli_option options[] = {
    {"--brokers", "HOST:PORT", "the cluster of the topic, or that records of a file go back to"},
    {"--property", "NAME=VALUE",
     "a property of librdkafka, as security.protocol=SSL or 'sasl.password=${file:PATH}'; "
     "repeatable"},
    {"--reason", "TEXT", "only letters whose reason holds this text"},
    {"--partition", "N", "only this partition of the topic"},
    {"--from", "N", "only from this offset on (of a file: this line)"},
    {"--to", "N", "only up to this offset, included"},
    {"--count|-n", "N", "at most so many"},
    {"--dry-run", NULL, "retry: says how many would go, and sends none"},
    {"--again", NULL, "retry: also those that were sent back before"},
    {"--group", "NAME",
     "the consumer group that remembers what was sent back (default: weir-dlq-TOPIC)"},
    {"--json", NULL, "show: one JSON object a line"},
};

const cli_verb cli_dlq = {
    .name = "dlq",
    .summary = "Shows dead letters, and sends records back to where they came from.",
    .operands = "show|retry TOPIC|FILE",
    .details = "A record goes back to its topic and partition with its key, value, headers and "
               "time, and the header weir-retry, which counts. A second retry sends only what did "
               "not go before. Letters whose value was re-encoded or cut stay. A file is one of "
               "JSON lines; with --brokers its name ends with .jsonl or holds a slash (./dead). "
               "FILE.sent remembers what of it was sent back.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 2,
    .max_operands = 2,
    .run = run,
};
