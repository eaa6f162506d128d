/* SPDX-License-Identifier: Apache-2.0 */
/* convert.c - weir convert: values of a type from one format to another.
 *
 * Without --hex, JSON and CSV come as lines and records, MessagePack as a stream of values; with it
 * each line of input is one message, whatever its format. A bad message never stops the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/convert.h"
#include "core/text.h"

enum { LARGEST_LINE = 64 << 20, LARGEST_FILE = 1 << 30 };

typedef struct converter {
    const cli_arguments *arguments;
    const weir_type *type; /* NULL: none is declared */
    weir_format from, to;
    bool hex, json;
    weir_csv_columns *columns; /* of the file under way */
    bool header_written;
    void *value;
    weir_buffer out;
    size_t messages, bad;
} converter;

/* --- One message --- */

static void copy_error(const weir_wire_error *wire, convert_error *error)
{
    *error = (convert_error){.offset = wire->offset};
    snprintf(error->message, sizeof error->message, "%s", wire->message);
    snprintf(error->path, sizeof error->path, "%s", wire->path);
}

/* A whole CSV text: a header row and one record. */
static weir_status decode_csv_text(converter *c, weir_slice message, weir_wire_error *wire)
{
    weir_csv_scan scan = {0};
    size_t size, next;
    weir_status status = weir_csv_record(message, true, &scan, &size, &next);

    if (status == WEIR_OK)
        status = weir_csv_columns_new(c->type, (weir_slice){message.data, size}, &c->columns, wire);
    if (status != WEIR_OK)
        return status;
    weir_slice rest = {message.data + next, message.size - next};
    scan = (weir_csv_scan){0};
    status = weir_csv_record(rest, true, &scan, &size, &next);
    if (status == WEIR_OK)
        status = weir_csv_decode(c->columns, (weir_slice){rest.data, size}, c->value, wire);
    weir_csv_columns_free(c->columns);
    c->columns = NULL;
    return status;
}

static weir_status decode(converter *c, weir_slice message, weir_wire_error *wire)
{
    memset(c->value, 0, c->type->size);
    *wire = (weir_wire_error){.message = "the record is not whole"};
    if (c->from != WEIR_FORMAT_CSV)
        return weir_decode(c->type, c->from, message, c->value, wire);
    if (c->columns == NULL)
        return decode_csv_text(c, message, wire);
    return weir_csv_decode(c->columns, message, c->value, wire);
}

/* Appends the value in the format of the answer; in JSON with --json. */
static bool convert_message(converter *c, weir_slice message, convert_error *error)
{
    weir_format to = c->json ? WEIR_FORMAT_JSON : c->to;
    weir_wire_error wire;

    if (c->type == NULL)
        return convert_untyped(c->from, to, message, &c->out, error);
    if (decode(c, message, &wire) == WEIR_OK &&
        weir_encode(c->type, to, c->value, &c->out, &wire) == WEIR_OK)
        return true;
    copy_error(&wire, error);
    return false;
}

/* --- Answers --- */

static void print_hex(const weir_buffer *bytes)
{
    for (size_t i = 0; i < bytes->size; i++)
        printf("%02x", (unsigned char)bytes->data[i]);
    putchar('\n');
}

static void print_json_error(const convert_error *error)
{
    cli_print_json(json_pack("{s:b,s:s,s:s,s:I}", "ok", 0, "error", error->message, "path",
                             error->path, "offset", (json_int_t)error->offset));
}

static void print_error(const converter *c, const convert_error *error)
{
    if (c->json)
        print_json_error(error);
    else
        cli_complain("message %zu: %s%s%s at byte %zu", c->messages, error->path,
                     error->path[0] != '\0' ? ": " : "", error->message, error->offset);
}

/* False: out of memory. */
static bool print_header(converter *c)
{
    weir_buffer header = {0};

    if (c->to != WEIR_FORMAT_CSV || c->json || c->header_written)
        return true;
    c->header_written = weir_csv_header(c->type, &header) == WEIR_OK;
    if (c->header_written)
        printf("%.*s\n", (int)header.size, header.data);
    weir_buffer_free(&header);
    return c->header_written;
}

static void answer(converter *c, weir_slice message)
{
    convert_error error = {.message = "out of memory"};

    c->out.size = 0;
    c->out.failed = false;
    c->messages++;
    if (!convert_message(c, message, &error) || !print_header(c)) {
        c->bad++;
        print_error(c, &error);
        return;
    }
    if (c->json)
        printf("{\"ok\":true,\"value\":%.*s}\n", (int)c->out.size, c->out.data);
    else if (c->hex && c->to == WEIR_FORMAT_MSGPACK)
        print_hex(&c->out);
    else if (c->out.size != 0 && fwrite(c->out.data, 1, c->out.size, stdout) == c->out.size &&
             c->to != WEIR_FORMAT_MSGPACK)
        putchar('\n');
}

static void answer_bad(converter *c, const char *message, size_t offset)
{
    convert_error error = {.offset = offset};

    snprintf(error.message, sizeof error.message, "%s", message);
    c->messages++;
    c->bad++;
    print_error(c, &error);
}

/* --- Messages of an input --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Over the line itself: the bytes need half its room. */
static void answer_hex(converter *c, char *line, size_t size)
{
    size_t bytes = 0;

    for (size_t i = 0; i < size; i += 2) {
        int high = hex_digit(line[i]), low = i + 1 < size ? hex_digit(line[i + 1]) : -1;
        if (high < 0 || low < 0) {
            answer_bad(c, "the line is not hex: two digits a byte", i / 2);
            return;
        }
        line[bytes++] = (char)(high << 4 | low);
    }
    answer(c, (weir_slice){(const unsigned char *)line, bytes});
}

static void answer_line(converter *c, char *line, size_t size)
{
    if (size != 0 && line[size - 1] == '\r')
        size--;
    if (c->hex)
        answer_hex(c, line, size);
    else if (size != 0)
        answer(c, (weir_slice){(const unsigned char *)line, size});
}

/* Ends the line that has come together; one that was too long has kept nothing. */
static void end_line(converter *c, weir_buffer *line)
{
    if (line->full)
        answer_bad(c, "the line is longer than 64 MiB", LARGEST_LINE);
    else if (line->failed)
        answer_bad(c, "out of memory", line->size);
    else
        answer_line(c, line->size != 0 ? line->data : (char[]){""}, line->size);
    line->failed = line->full = false;
    line->size = 0;
}

/* Lines are answered as they come: the input may be a pipe that never ends. */
static weir_status stream_lines(converter *c, const char *path, int fd, weir_error **error)
{
    weir_buffer line = {.limit = LARGEST_LINE};
    char piece[65536];
    ssize_t size;

    while ((size = read(fd, piece, sizeof piece)) > 0 || (size < 0 && errno == EINTR)) {
        const char *at = piece, *end = piece + (size > 0 ? size : 0), *stop;
        for (; (stop = memchr(at, '\n', (size_t)(end - at))) != NULL; at = stop + 1) {
            weir_buffer_append(&line, at, (size_t)(stop - at));
            end_line(c, &line);
        }
        weir_buffer_append(&line, at, (size_t)(end - at));
        fflush(stdout);
    }
    int code = errno;
    if (size == 0 && (line.size != 0 || line.failed))
        end_line(c, &line);
    weir_buffer_free(&line);
    return size == 0 ? WEIR_OK
                     : weir_error_set(error, WEIR_IO, "cannot read '%s': %s", path, strerror(code));
}

static void each_value(converter *c, weir_slice rest)
{
    weir_wire_error wire = {0};

    while (rest.size != 0) {
        size_t size;
        weir_status status = weir_msgpack_size(rest, &size, &wire);
        if (status != WEIR_OK) {
            /* Where it ends is unknown, and so is where the next one begins. */
            answer_bad(c, status == WEIR_AGAIN ? "the message is truncated" : wire.message,
                       status == WEIR_AGAIN ? rest.size : wire.offset);
            return;
        }
        answer(c, (weir_slice){rest.data, size});
        rest.data += size;
        rest.size -= size;
    }
}

static void each_record(converter *c, weir_slice rest)
{
    weir_wire_error wire = {0};

    while (rest.size != 0) {
        weir_csv_scan scan = {0};
        size_t size, next;
        if (weir_csv_record(rest, true, &scan, &size, &next) != WEIR_OK) {
            answer_bad(c, "the file ends within quotes", rest.size);
            break;
        }
        weir_slice record = {rest.data, size};
        if (c->columns != NULL && size != 0) {
            answer(c, record);
        } else if (c->columns == NULL &&
                   weir_csv_columns_new(c->type, record, &c->columns, &wire) != WEIR_OK) {
            answer_bad(c, wire.message, wire.offset);
            break;
        }
        rest.data += next;
        rest.size -= next;
    }
    weir_csv_columns_free(c->columns);
    c->columns = NULL;
}

static weir_status convert_lines(converter *c, const char *path, weir_error **error)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return weir_error_set(error, WEIR_IO, "cannot open '%s': %s", path, strerror(errno));
    weir_status status = stream_lines(c, path, fd, error);
    if (!standard)
        close(fd);
    return status;
}

static weir_status convert_whole(converter *c, const char *path, weir_error **error)
{
    char *data;
    size_t size;

    if (strcmp(path, "-") == 0)
        path = "/dev/stdin";
    weir_status status = cli_read_file(path, LARGEST_FILE, &data, &size, error);
    if (status != WEIR_OK)
        return status;
    weir_slice all = {(const unsigned char *)data, size};
    if (c->from == WEIR_FORMAT_MSGPACK)
        each_value(c, all);
    else
        each_record(c, all);
    weir_free(data);
    return WEIR_OK;
}

/* --- weir convert --- */

static bool read_format(const char *option, const char *word, weir_format *ret)
{
    static const struct {
        const char *word;
        weir_format format;
    } formats[] = {
        {"msgpack", WEIR_FORMAT_MSGPACK}, {"json", WEIR_FORMAT_JSON}, {"csv", WEIR_FORMAT_CSV}};

    for (size_t i = 0; i < sizeof formats / sizeof *formats && word != NULL; i++)
        if (strcmp(word, formats[i].word) == 0) {
            *ret = formats[i].format;
            return true;
        }
    cli_complain("'weir convert' needs %s msgpack, json or csv%s%s", option,
                 word != NULL ? ", not " : "", word != NULL ? word : "");
    return false;
}

static int convert_files(converter *c, size_t first)
{
    const cli_arguments *arguments = c->arguments;
    weir_error *error = NULL;
    size_t count = arguments->operand_count - first;

    for (size_t i = 0; i < (count != 0 ? count : 1); i++) {
        const char *path = count != 0 ? arguments->operands[first + i] : "-";
        weir_status status = c->hex || c->from == WEIR_FORMAT_JSON ? convert_lines(c, path, &error)
                                                                   : convert_whole(c, path, &error);
        if (status != WEIR_OK)
            return cli_report_error(error);
    }
    return c->bad == 0 ? CLI_DONE : CLI_FAILED;
}

/* NULL: there is none; it has been told. */
static const weir_type *find_type(const char *spec, const weir_module *module, const char *name)
{
    weir_nearest nearest = {.wanted = name};
    char hint[192];

    for (uint32_t i = 0; i < module->type_count; i++) {
        if (module->types[i]->kind != WEIR_VALUE_STRUCT)
            continue;
        if (strcmp(module->types[i]->name, name) == 0)
            return module->types[i];
        weir_nearest_offer(&nearest, module->types[i]->name);
    }
    cli_complain("%s has no struct type '%s'%s", spec, name,
                 weir_nearest_hint(&nearest, hint, sizeof hint));
    return NULL;
}

static int convert_typed(converter *c)
{
    const char *operands[] = {c->arguments->operands[0], NULL};
    cli_arguments spec = *c->arguments;
    cli_module module;

    if (c->arguments->operand_count < 2) {
        cli_complain("which type? usage: weir convert SPEC TYPE --from F --to F [FILE ...]");
        return CLI_USAGE;
    }
    spec.operands = operands;
    spec.operand_count = 1;
    int code = cli_open_module(&spec, false, &module);
    if (code != CLI_DONE)
        return code;
    c->type = find_type(operands[0], module.module, c->arguments->operands[1]);
    if (c->type == NULL) {
        code = CLI_USAGE;
    } else if ((c->value = weir_alloc(c->type->size)) == NULL) {
        cli_complain("out of memory");
        code = CLI_ENVIRONMENT;
    } else {
        code = convert_files(c, 2);
    }
    weir_free(c->value);
    cli_close_module(&module);
    return code;
}

static bool is_spec(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL &&
           (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".so") == 0);
}

static int run(const cli_arguments *arguments)
{
    converter c = {.arguments = arguments,
                   .hex = cli_has(arguments, "--hex"),
                   .json = cli_has(arguments, "--json")};
    const char *to = cli_value(arguments, "--to");
    bool typed = arguments->operand_count != 0 && is_spec(arguments->operands[0]);

    if (!read_format("--from", cli_value(arguments, "--from"), &c.from) ||
        !read_format("--to", to == NULL && c.json ? "json" : to, &c.to))
        return CLI_USAGE;
    if (!typed && (c.from == WEIR_FORMAT_CSV || c.to == WEIR_FORMAT_CSV)) {
        cli_complain("CSV needs a type: weir convert SPEC TYPE --from F --to F");
        return CLI_USAGE;
    }
    int code = typed ? convert_typed(&c) : convert_files(&c, 0);
    weir_buffer_free(&c.out);
    return code;
}

static const cli_option options[] = {
    {"--from", "FORMAT", "msgpack, json or csv"},
    {"--to", "FORMAT", "msgpack, json or csv"},
    {"--hex", NULL, "each line of input is one message in hex; MessagePack is written so too"},
    {"--json", NULL, "answers each message by a line {\"ok\":..,\"value\":..} or with the error"},
};

const cli_verb cli_convert = {
    .name = "convert",
    .summary = "Converts values between MessagePack, JSON and CSV.",
    .operands = "[SPEC TYPE] [FILE ...]",
    .details =
        "Reads FILEs or standard input: JSON lines, CSV with a header row, or a stream of\n"
        "MessagePack values. A bad message does not stop the next; exit code 1 tells of it.\n"
        "Without SPEC and TYPE any payload, JSON or MessagePack. Lines are answered as they\n"
        "come, at most 64 MiB each; a file of CSV or MessagePack may have 1 GiB.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 0,
    .max_operands = SIZE_MAX,
    .run = run,
};
