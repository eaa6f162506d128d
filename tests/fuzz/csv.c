/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c - a whole CSV file: records, the header row, the generated types' cells. */
#include "tests/fuzz/codec.h"

/* The first record of `bytes`; the same is found when they come one by one. */
static weir_status next_record(weir_slice bytes, size_t *ret_size, size_t *ret_next)
{
    weir_csv_scan whole = {0}, pieces = {0};
    size_t size = 0, next = 0, have = 0;
    weir_status status = weir_csv_record(bytes, true, &whole, ret_size, ret_next), slow;

    do {
        weir_slice front = {bytes.data, have};
        slow = weir_csv_record(front, have == bytes.size, &pieces, &size, &next);
    } while (slow == WEIR_AGAIN && have++ < bytes.size);
    FUZZ_HOLD(slow == status);
    if (status == WEIR_OK)
        FUZZ_HOLD(size == *ret_size && next == *ret_next && next <= bytes.size);
    return status;
}

/* One value as a file of its own. */
static void read_back(const weir_type *type, const void *value)
{
    weir_buffer header = {0}, first = {0}, second = {0};
    weir_csv_columns *columns = NULL;
    weir_wire_error error;
    void *again = calloc(1, type->size);

    FUZZ_HOLD(again != NULL && weir_csv_header(type, &header) == WEIR_OK);
    FUZZ_HOLD(weir_csv_columns_new(type, fuzz_slice(&header), &columns, &error) == WEIR_OK);
    weir_status status = weir_encode(type, WEIR_FORMAT_CSV, value, &first, &error);
    FUZZ_HOLD(status == WEIR_OK || status == WEIR_ENCODE);
    if (status == WEIR_OK) {
        FUZZ_HOLD(weir_csv_decode(columns, fuzz_slice(&first), again, &error) == WEIR_OK);
        FUZZ_HOLD(weir_encode(type, WEIR_FORMAT_CSV, again, &second, &error) == WEIR_OK);
        FUZZ_HOLD(fuzz_same(&first, &second));
    }
    weir_csv_columns_free(columns);
    weir_buffer_free(&header);
    weir_buffer_free(&first);
    weir_buffer_free(&second);
    free(again);
}

static void read_record(const weir_type *type, const weir_csv_columns *columns, weir_slice record)
{
    weir_wire_error error;
    void *value = calloc(1, type->size);

    FUZZ_HOLD(value != NULL);
    weir_slice bytes = fuzz_copy(record);
    if (weir_csv_decode(columns, bytes, value, &error) == WEIR_OK) {
        fuzz_settle(type, value);
        read_back(type, value);
    } else {
        fuzz_check_error(&error, bytes);
    }
    free((void *)(uintptr_t)bytes.data);
    free(value);
}

static void read_file(const weir_type *type, weir_slice text)
{
    weir_csv_columns *columns = NULL;
    size_t record, next;

    while (next_record(text, &record, &next) == WEIR_OK) {
        weir_slice bytes = {text.data, record};
        weir_wire_error error;
        if (columns != NULL)
            read_record(type, columns, bytes);
        else if (weir_csv_columns_new(type, bytes, &columns, &error) != WEIR_OK)
            return;
        text = (weir_slice){text.data + next, text.size - next};
    }
    weir_csv_columns_free(columns);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const weir_type *const types[] = {&sample_all_scalars_type, &sample_odd_type,
                                             &sample_quote_type, &sample_options_type};
    weir_slice input = {data, size};
    const weir_type *type = types[fuzz_choice(&input) % (sizeof types / sizeof *types)];

    read_file(type, input);
    return 0;
}
