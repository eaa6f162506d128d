/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_suite.c - the JSON parsing test suite: y_ is JSON, n_ is none, of i_ everybody may
 * think as they like. Three readers: values of no declared type as JSON and as MessagePack, and a
 * value that a generated decoder passes over. */
#include <string.h>

#include "cli/convert.h"
#include "codec.h"

typedef struct suite_case {
    const char *name;
    const char *text;
    size_t size, times;
} suite_case;

static const suite_case suite[] = {
#include "json_suite.inc"
};

enum { CASES = sizeof suite / sizeof *suite };

/* --- Readers --- */

static bool convert_to(weir_format to, weir_slice bytes)
{
    weir_buffer out = {0};
    convert_error error = {.message = ""};
    bool good = convert_untyped(WEIR_FORMAT_JSON, to, bytes, &out, &error);

    assert_true(good ? out.size != 0 : error.message[0] != '\0');
    assert_true(good || error.offset <= bytes.size);
    weir_buffer_free(&out);
    return good;
}

static bool to_json(weir_slice bytes)
{
    return convert_to(WEIR_FORMAT_JSON, bytes);
}

static bool to_msgpack(weir_slice bytes)
{
    return convert_to(WEIR_FORMAT_MSGPACK, bytes);
}

/* As an unknown field of a type that needs none. */
static bool passed_over(weir_slice bytes)
{
    weir_buffer message = {0};
    weir_wire_error error = {.message = ""};
    sample_options value;

    weir_buffer_text(&message, "{\"unknown\":");
    weir_buffer_append(&message, bytes.data, bytes.size);
    weir_buffer_text(&message, "}");
    bool good = decode(&sample_options_type, WEIR_FORMAT_JSON, message.data, message.size, &value,
                       &error) == WEIR_OK;
    assert_true(good || (error.message[0] != '\0' && error.offset <= message.size));
    weir_buffer_free(&message);
    return good;
}

/* --- Where weir differs, and why --- */

typedef struct deviation {
    const char *name;
    const char *why;
} deviation;

static const deviation untyped[] = {
    {"y_object_duplicated_key", "W2: a key that is given twice is an error"},
    {"y_object_duplicated_key_and_value", "W2: a key that is given twice is an error"},
    {"y_object_escaped_null_in_key", "jansson has no keys with the character zero"},
};

enum { UNTYPED = sizeof untyped / sizeof *untyped };

static const struct reader {
    const char *name;
    bool (*reads)(weir_slice bytes);
    const deviation *deviations;
    size_t deviation_count;
} readers[] = {
    {"to JSON", to_json, untyped, UNTYPED},
    {"to MessagePack", to_msgpack, untyped, UNTYPED},
    {"passed over", passed_over, NULL, 0},
};

static bool deviates(const struct reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->deviation_count; i++)
        if (strcmp(reader->deviations[i].name, name) == 0) {
            print_message("  %s: %s: %s\n", reader->name, name, reader->deviations[i].why);
            return true;
        }
    return false;
}

/* --- The suite --- */

static void read_suite(const struct reader *reader)
{
    size_t wrong = 0, liked = 0;

    for (size_t i = 0; i < CASES; i++) {
        weir_buffer input = {0};
        for (size_t k = 0; k < suite[i].times; k++)
            weir_buffer_append(&input, suite[i].text, suite[i].size);
        bool reads = reader->reads((weir_slice){(const unsigned char *)input.data, input.size});
        bool should = (suite[i].name[0] == 'y') != deviates(reader, suite[i].name);
        if (suite[i].name[0] == 'i') {
            liked += reads;
        } else if (reads != should) {
            print_error("%s: %s is %s\n", reader->name, suite[i].name, reads ? "read" : "refused");
            wrong++;
        }
        weir_buffer_free(&input);
    }
    print_message("  %s: %zu inputs, of those that may be either %zu are read\n", reader->name,
                  (size_t)CASES, liked);
    assert_int_equal(wrong, 0);
}

static void the_suite_is_read(void **state)
{
    (void)state;
    assert_true(CASES == 318);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        read_suite(&readers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_suite_is_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
