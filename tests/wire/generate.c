/* SPDX-License-Identifier: Apache-2.0 */
/* generate.c - writes the types that the tests of the wire use: generate HEADER SOURCE. */
#include "codegen/emit/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE(number)                                                                              \
    {                                                                                              \
        .file = "specs/sample.weir.yaml", .line = (number)                                         \
    }
#define FIELD_AS(given, word, ...)                                                                 \
    {                                                                                              \
        .name = (given), .wire = (given), .shape = {.type_name = (word), __VA_ARGS__},             \
        .where = PLACE(__LINE__)                                                                   \
    }
#define FIELD(given, word) FIELD_AS(given, word, .optional = false)
#define STRUCT(given, members)                                                                     \
    {                                                                                              \
        .kind = SPEC_STRUCT, .name = (given),                                                      \
        .fields = {(members), sizeof(members) / sizeof *(members)}, .where = PLACE(__LINE__)       \
    }

static spec_enumerator sides[] = {{"buy", 1, PLACE(3)}, {"sell", 2, PLACE(3)}};
static spec_enumerator moods[] = {{"calm", -3, PLACE(4)}, {"wild", 70000, PLACE(4)}};

static spec_field quote[] = {
    FIELD_AS("symbol", "string", .size = 16),
    FIELD("bid", "f64"),
    FIELD("ask", "f64"),
    FIELD("bid_size", "f64"),
    FIELD("ask_size", "f64"),
    FIELD("ts", "timestamp"),
};

static spec_field scalars[] = {
    FIELD("flag", "bool"),
    FIELD("i8", "i8"),
    FIELD("i16", "i16"),
    FIELD("i32", "i32"),
    FIELD("i64", "i64"),
    FIELD("u8", "u8"),
    FIELD("u16", "u16"),
    FIELD("u32", "u32"),
    FIELD("u64", "u64"),
    FIELD("f32", "f32"),
    FIELD("f64", "f64"),
    FIELD("time", "timestamp"),
    FIELD("span", "duration"),
    FIELD("day", "date"),
    FIELD_AS("text", "string", .size = 9),
    FIELD_AS("raw", "bytes", .size = 5),
    FIELD("side", "Side"),
    FIELD("mood", "Mood"),
};

static spec_field level[] = {FIELD("id", "u32"), FIELD("price", "f64"),
                             FIELD_AS("tag", "string", .size = 3)};

static spec_field book[] = {
    FIELD_AS("levels", "Level", .list = true, .min = 0, .max = 10),
    FIELD_AS("grid", "f64", .list = true, .min = 3, .max = 3),
    FIELD_AS("names", "string", .size = 4, .list = true, .min = 1, .max = 3),
    FIELD_AS("blobs", "bytes", .size = 2, .list = true, .min = 0, .max = 2),
    FIELD_AS("sides", "Side", .list = true, .min = 0, .max = 4),
};

static spec_field outer[] = {FIELD("inner", "Book"), FIELD_AS("level", "Level", .optional = true),
                             FIELD("id", "i64")};

static spec_field options[] = {
    FIELD_AS("number", "f64", .optional = true),
    FIELD_AS("text", "string", .size = 40, .optional = true),
    FIELD_AS("items", "i32", .list = true, .min = 0, .max = 3, .optional = true),
    FIELD_AS("raw", "bytes", .size = 3, .optional = true),
    FIELD_AS("side", "Side", .optional = true),
};

/* Names, forms and defaults out of the ordinary; set up by `finish_odd`. */
static spec_field odd[] = {
    FIELD("class", "i32"),
    FIELD("price", "f64"),
    FIELD("count", "u64"),
    FIELD("ratio", "f32"),
    FIELD_AS("at_us", "timestamp", .time_form = SPEC_TIME_US),
    FIELD_AS("at_s", "timestamp", .time_form = SPEC_TIME_S),
    FIELD_AS("at", "timestamp", .time_form = SPEC_TIME_ISO),
    FIELD("given", "i64"),
    FIELD("least", "i64"),
    FIELD("half", "f32"),
    FIELD_AS("word", "string", .size = 8),
    FIELD("side", "Side"),
    FIELD("since", "timestamp"),
    FIELD("wait", "duration"),
    FIELD("day", "date"),
    FIELD_AS("maybe", "u8", .optional = true),
};

static spec_field wide[100];
static char wide_names[100][16];

static spec_type types[] = {
    {.kind = SPEC_ENUM,
     .name = "Side",
     .enumerators = sides,
     .enumerator_count = 2,
     .doc = "Which side. Ends */ early.",
     .where = PLACE(3)},
    {.kind = SPEC_ENUM,
     .name = "Mood",
     .enumerators = moods,
     .enumerator_count = 2,
     .where = PLACE(4)},
    STRUCT("Quote", quote),
    STRUCT("AllScalars", scalars),
    STRUCT("Level", level),
    STRUCT("Book", book),
    STRUCT("Outer", outer),
    STRUCT("Options", options),
    STRUCT("Odd", odd),
    STRUCT("Wide", wide),
};

enum { TYPES = sizeof types / sizeof *types };

static void finish_odd(void)
{
    static const char *const fallbacks[] = {
        "7",    "-9223372036854775808",   "0.1",   "caf\xc3\xa9",
        "sell", "2024-03-01T12:00:00.5Z", "1m30s", "1969-12-31"};

    odd[0].wire = "class \"x\"";
    odd[1].wire = "p";
    odd[1].text = odd[2].text = odd[3].text = true;
    for (size_t i = 0; i < sizeof fallbacks / sizeof *fallbacks; i++)
        odd[7 + i].fallback = fallbacks[i];
    odd[15].fallback = "9";
}

/* A hundred fields, a third of them optional: more than one word of flags. */
static void finish_wide(void)
{
    for (size_t i = 0; i < 100; i++) {
        snprintf(wide_names[i], sizeof wide_names[i], "field_%02u", (unsigned)i);
        wide[i] = (spec_field)FIELD_AS(wide_names[i], "i32", .optional = i % 3 == 0);
    }
}

static const spec_type *find_type(const char *name)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    for (int kind = SPEC_BOOL; kind <= SPEC_BYTES; kind++)
        if (strcmp(spec_scalar((spec_type_kind)kind)->name, name) == 0)
            return spec_scalar((spec_type_kind)kind);
    fprintf(stderr, "unknown type %s\n", name);
    exit(1);
}

static void write_file(const char *path, const weir_buffer *text)
{
    FILE *file = fopen(path, "w");

    if (text->failed || file == NULL || fwrite(text->data, 1, text->size, file) != text->size ||
        fclose(file) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static const spec_type *order[TYPES];
    spec sample = {
        .file = "sample.weir.yaml", .module = "sample", .types = order, .type_count = TYPES};
    weir_buffer header = {0}, source = {0};

    if (argc != 3)
        return 2;
    finish_odd();
    finish_wide();
    for (size_t i = 0; i < TYPES; i++) {
        order[i] = &types[i];
        for (size_t j = 0; j < types[i].fields.count; j++) {
            spec_shape *shape = &types[i].fields.items[j].shape;
            shape->type = find_type(shape->type_name);
        }
    }
    weir_buffer_text(&header, "#ifndef SAMPLE_H\n#define SAMPLE_H\n#include <string.h>\n#include "
                              "<weir/wire.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    emit_types_header(&sample, &header);
    weir_buffer_text(&header, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
    weir_buffer_text(&source, "#include \"sample.h\"\n#include <weir/codec.h>\n\n");
    emit_codecs(&sample, &source);
    write_file(argv[1], &header);
    write_file(argv[2], &source);
    weir_buffer_free(&header);
    weir_buffer_free(&source);
    return 0;
}
