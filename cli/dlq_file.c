/* SPDX-License-Identifier: Apache-2.0 */
/* dlq_file.c - a file of dead letters: JSON lines with the record that each is of.
 *
 * What went back stands in FILE.sent: the lines, as "1-7,9", and a digest of the file up to where
 * it was read, so that another file of that name is not taken for it. It is written once the
 * cluster has all records; a retry that is killed sends them once more.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/dlq.h"
#include "core/buffer.h"
#include "core/digest.h"

enum { MOST_SENT = 64 << 20 }; /* bytes of FILE.sent */

typedef struct letter_file {
    const char *path;
    FILE *file;
    char *line;
    size_t room;
    int64_t number;    /* of the line, from 1 */
    json_t *object;    /* the line ... */
    weir_buffer bytes; /* ... and its bytes, without base64 */
    weir_header *headers;
} letter_file;

/* --- One line --- */

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* Base64 as the sinks write it, behind what is in `bytes`, where there is room. */
static bool decode(weir_buffer *bytes, const char *text, size_t size, weir_slice *ret)
{
    size_t padded = size >= 2 ? (size_t)(text[size - 1] == '=') + (text[size - 2] == '=') : 0;
    size_t before = bytes->size;

    for (size_t i = 0; i + 4 <= size; i += 4) {
        uint32_t word = 0;
        for (size_t k = i; k < i + 4; k++) {
            int digit = k >= size - padded ? 0 : digit_of(text[k]);
            if (digit < 0)
                return false;
            word = word << 6 | (uint32_t)digit;
        }
        unsigned char three[3] = {(unsigned char)(word >> 16), (unsigned char)(word >> 8),
                                  (unsigned char)word};
        weir_buffer_append(bytes, three, sizeof three);
    }
    bytes->size -= padded;
    const void *data = bytes->data + before;
    *ret = (weir_slice){data, bytes->size - before};
    return size % 4 == 0;
}

static bool bytes_of(letter_file *file, const json_t *value, weir_slice *ret)
{
    *ret = (weir_slice){NULL, 0};
    return json_is_null(value) ||
           (json_is_string(value) &&
            decode(&file->bytes, json_string_value(value), json_string_length(value), ret));
}

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL && *text != '\0' ? text : NULL;
}

static bool read_header(letter_file *file, const json_t *pair, kafka_letter *letter)
{
    const char *name = json_string_value(json_array_get(pair, 0));
    weir_slice value;

    if (name == NULL || !bytes_of(file, json_array_get(pair, 1), &value))
        return false;
    if (strcmp(name, "weir-retry") == 0 && value.size < 20) {
        char text[24];
        snprintf(text, sizeof text, "%.*s", (int)value.size, (const char *)value.data);
        letter->retries = strtoll(text, NULL, 10);
    }
    if (strncmp(name, "weir-", 5) != 0)
        file->headers[letter->header_count++] = (weir_header){name, value};
    return true;
}

static bool read_headers(letter_file *file, const json_t *list, kafka_letter *letter)
{
    weir_free(file->headers);
    file->headers = weir_alloc_array(json_array_size(list) + 1, sizeof *file->headers);
    letter->headers = file->headers;
    for (size_t i = 0; i < json_array_size(list) && file->headers != NULL; i++)
        if (!read_header(file, json_array_get(list, i), letter))
            return false;
    return file->headers != NULL;
}

/* Without a record the letter can only be shown: it is of a source that keeps none, or its bytes
 * were gone. */
static bool read_record(letter_file *file, kafka_letter *letter)
{
    const json_t *record = json_object_get(file->object, "record");
    const json_t *value = json_object_get(record, "value");

    if (record == NULL)
        return true;
    letter->topic = member(record, "topic");
    letter->from_partition = json_integer_value(json_object_get(record, "partition"));
    letter->time = json_integer_value(json_object_get(record, "time"));
    letter->whole = true;
    return letter->topic != NULL && json_is_integer(json_object_get(record, "partition")) &&
           bytes_of(file, json_object_get(record, "key"), &letter->key) &&
           (value == NULL || bytes_of(file, value, &letter->value)) &&
           read_headers(file, json_object_get(record, "headers"), letter);
}

/* Why it is none, or NULL. */
static const char *read_letter(letter_file *file, kafka_letter *letter)
{
    json_error_t reason;

    json_decref(file->object);
    file->object = json_loads(file->line, 0, &reason);
    file->bytes.size = 0;
    if (!json_is_object(file->object) || member(file->object, "reason") == NULL)
        return "it is no dead letter in JSON";
    if (!weir_buffer_reserve(&file->bytes, strlen(file->line)))
        return "out of memory";
    *letter = (kafka_letter){
        .offset = file->number,
        .source = member(file->object, "source"),
        .reason = member(file->object, "reason"),
        .node = member(file->object, "node"),
        .from_partition = json_integer_value(json_object_get(file->object, "partition")),
        .from_offset = json_integer_value(json_object_get(file->object, "position"))};
    if (!bytes_of(file, json_object_get(file->object, "raw"), &letter->value))
        return "its 'raw' is no base64";
    return read_record(file, letter) ? NULL : "its 'record' is not as a sink of weir's writes it";
}

/* --- All lines --- */

static int open_file(letter_file *file, const char *path)
{
    *file = (letter_file){.path = path, .file = fopen(path, "re")};
    if (file->file != NULL)
        return CLI_DONE;
    cli_complain("'%s' cannot be read: %s", path, strerror(errno));
    return CLI_ENVIRONMENT;
}

static void close_file(letter_file *file)
{
    free(file->line);
    json_decref(file->object);
    weir_buffer_free(&file->bytes);
    weir_free(file->headers);
    if (file->file != NULL)
        fclose(file->file);
}

/* The next line; one that has no end yet is still being written. */
static bool next_line(letter_file *file, size_t *ret_size)
{
    ssize_t size = getline(&file->line, &file->room, file->file);

    file->number++;
    *ret_size = size > 0 ? (size_t)size : 0;
    return size > 0 && file->line[size - 1] == '\n';
}

/* Whether the line is to be looked at; `ret` is what is in it, or *code how to end. */
static bool is_looked_at(letter_file *file, const dlq_selection *choice, kafka_letter *ret,
                         int *code)
{
    if (file->number < choice->from || file->number > choice->to)
        return false;
    const char *reason = read_letter(file, ret);
    if (reason == NULL)
        return true;
    cli_complain("'%s', line %" PRId64 ": %s; --from and --to leave lines out", file->path,
                 file->number, reason);
    *code = CLI_USAGE;
    return false;
}

int dlq_show_file(const char *path, dlq_selection *choice)
{
    letter_file file;
    kafka_letter letter;
    size_t size;
    int code = open_file(&file, path);

    while (code == CLI_DONE && next_line(&file, &size))
        if (is_looked_at(&file, choice, &letter, &code))
            dlq_show(&letter, choice);
    close_file(&file);
    return code;
}

/* --- What has gone back --- */

/* One byte a line: what is to happen with it, or has. */
enum { STAYS = '.', GONE = 'g', GOES = 's' };

typedef struct plan {
    weir_buffer lines; /* of the whole file */
    weir_digest sum;   /* of `size` bytes of it, which are those lines */
    int64_t size;
    char *sent; /* of FILE.sent: "1-7,9"; NULL: there is none */
    int64_t sent_size;
    char sent_sum[WEIR_DIGEST_TEXT];
    char *sent_path;
} plan;

static bool has_gone(const char *ranges, int64_t line)
{
    const char *at = ranges;

    while (at != NULL && *at != '\0') {
        char *end;
        int64_t from = strtoll(at, &end, 10), to = from;
        if (*end == '-')
            to = strtoll(end + 1, &end, 10);
        if (line >= from && line <= to)
            return true;
        at = *end == ',' ? end + 1 : NULL;
    }
    return false;
}

static weir_status read_sent(plan *p, const char *path, bool again, weir_error **error)
{
    weir_buffer name = {0};
    char *text = NULL;
    size_t size;

    weir_buffer_printf(&name, "%s.sent", path);
    p->sent_path = name.data;
    if (name.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (again || access(p->sent_path, F_OK) != 0)
        return WEIR_OK;
    weir_status status = cli_read_file(p->sent_path, MOST_SENT, &text, &size, error);
    json_t *object = status == WEIR_OK ? json_loads(text, 0, NULL) : NULL;
    const char *lines = member(object, "lines"), *sum = member(object, "digest");
    if (lines != NULL && sum != NULL) {
        p->sent = weir_strdup(lines);
        p->sent_size = json_integer_value(json_object_get(object, "bytes"));
        snprintf(p->sent_sum, sizeof p->sent_sum, "%s", sum);
    } else if (status == WEIR_OK) {
        status = weir_error_set(error, WEIR_SPEC,
                                "'%s' is not as 'weir dlq retry' writes it; "
                                "--again sends all letters and writes it anew",
                                p->sent_path);
    }
    json_decref(object);
    weir_free(text);
    return status;
}

static weir_status other_file(const plan *p, const char *path, weir_error **error)
{
    return weir_error_set(error, WEIR_SPEC,
                          "'%s' is not the file of which '%s' says what was sent back; remove the "
                          "latter, or send all letters with --again",
                          path, p->sent_path);
}

/* Of the lines: "1-7,9". */
static void put_ranges(const weir_buffer *lines, weir_buffer *out)
{
    for (size_t i = 0, end; i < lines->size; i = end) {
        for (end = i + 1;
             end < lines->size && (lines->data[end] == STAYS) == (lines->data[i] == STAYS);)
            end++;
        if (lines->data[i] != STAYS)
            weir_buffer_printf(out, "%s%zu-%zu", out->size != 0 ? "," : "", i + 1, end);
    }
}

static weir_status remember(const plan *p, weir_error **error)
{
    weir_buffer ranges = {0}, text = {0};
    char sum[WEIR_DIGEST_TEXT];
    bool changed;

    put_ranges(&p->lines, &ranges);
    weir_buffer_printf(&text, "{\"bytes\":%" PRId64 ",\"digest\":\"%s\",\"lines\":\"%s\"}\n",
                       p->size, weir_digest_print(p->sum, sum),
                       ranges.data != NULL ? ranges.data : "");
    weir_status status = text.failed || ranges.failed
                             ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                             : cli_write_file(p->sent_path, text.data, text.size, &changed, error);
    weir_buffer_free(&ranges);
    weir_buffer_free(&text);
    return status;
}

/* --- Back --- */

/* What is to happen with this line. */
static char judge(letter_file *file, const plan *p, dlq_selection *choice,
                  kafka_letters_result *result, int *code)
{
    kafka_letter letter;
    bool done = has_gone(p->sent, file->number);

    if (!is_looked_at(file, choice, &letter, code))
        return done ? GONE : STAYS;
    letter.done = done;
    bool wanted = dlq_choose(&letter, choice);
    result->read++;
    result->wanted += wanted;
    result->done += wanted && done;
    result->broken += wanted && !done && !letter.whole;
    result->sent += wanted && !done && letter.whole;
    return wanted && !done && letter.whole ? GOES : done ? GONE : STAYS;
}

/* Looks at all lines before anything is sent. */
static int make_plan(letter_file *file, plan *p, dlq_selection *choice,
                     kafka_letters_result *result, weir_error **error)
{
    bool known = p->sent == NULL;
    char sum[WEIR_DIGEST_TEXT];
    size_t size;
    int code = CLI_DONE;

    p->sum = (weir_digest)WEIR_DIGEST_START;
    while (code == CLI_DONE && next_line(file, &size)) {
        char what = judge(file, p, choice, result, &code);
        weir_buffer_append(&p->lines, &what, 1);
        weir_digest_add(&p->sum, file->line, size);
        p->size += (int64_t)size;
        known = known || (p->size == p->sent_size &&
                          strcmp(weir_digest_print(p->sum, sum), p->sent_sum) == 0);
    }
    if (code == CLI_DONE && p->lines.failed)
        weir_error_set(error, WEIR_NOMEM, "out of memory");
    else if (code == CLI_DONE && !known)
        other_file(p, file->path, error);
    return code;
}

typedef struct sending {
    letter_file file;
    const plan *plan;
} sending;

static bool next_letter(kafka_letter *ret, void *arg)
{
    sending *s = arg;
    const weir_buffer *lines = &s->plan->lines;
    size_t size;

    while ((size_t)s->file.number < lines->size && next_line(&s->file, &size))
        if (lines->data[s->file.number - 1] == GOES && read_letter(&s->file, ret) == NULL)
            return true;
    return false;
}

static weir_status send_planned(const cli_arguments *arguments, letter_file *file, const plan *p,
                                weir_error **error)
{
    void *symbol = cli_kafka_function("weir_kafka_send_back");
    kafka_send_back_function *send_back;
    weir_pairs properties = {0};
    sending s = {.file = *file, .plan = p};

    if (symbol == NULL)
        return weir_error_set(error, WEIR_NOT_FOUND, "nothing was sent back");
    memcpy(&send_back, &symbol, sizeof send_back);
    rewind(s.file.file);
    s.file.number = 0;
    weir_status status = dlq_read_properties(arguments, &properties, error);
    if (status == WEIR_OK)
        status = send_back(cli_value(arguments, "--brokers"), &properties, next_letter, &s, error);
    dlq_free_properties(&properties);
    *file = s.file;
    return status == WEIR_OK ? remember(p, error) : status;
}

int dlq_retry_file(const cli_arguments *arguments, const char *path, dlq_selection *choice)
{
    bool again = cli_has(arguments, "--again"), dry = cli_has(arguments, "--dry-run");
    kafka_letters_result result = {0};
    weir_error *error = NULL;
    letter_file file;
    plan p = {0};
    int code = open_file(&file, path);

    if (code != CLI_DONE)
        return code;
    if (read_sent(&p, path, again, &error) == WEIR_OK)
        code = make_plan(&file, &p, choice, &result, &error);
    if (code == CLI_DONE && error == NULL && !dry && result.sent != 0)
        send_planned(arguments, &file, &p, &error);
    if (error != NULL)
        code = cli_report_error(error);
    else if (code == CLI_DONE)
        dlq_tell(arguments, &result, true, dry);
    close_file(&file);
    weir_buffer_free(&p.lines);
    weir_free(p.sent);
    weir_free(p.sent_path);
    return code;
}
