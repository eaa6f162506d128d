/* SPDX-License-Identifier: Apache-2.0 */
/* framing.c - a stream of bytes cut into messages: however it comes in pieces, the messages are the
 * same, and memory stays bounded. Three bytes choose the framing, the limit and the pieces. */
#include "sources/framer.h"
#include "tests/fuzz/fuzz.h"

enum { LARGEST_PIECE = 64 };

static weir_status open_framer(weir_framer *framer, unsigned form, unsigned limit)
{
    static const int framings[] = {WEIR_FRAMING_AUTO, WEIR_FRAMING_LINES, WEIR_FRAMING_LENGTH,
                                   WEIR_FRAMING_FIXED};
    weir_module_source module = {.name = "fuzz"};
    weir_source source = {.module = &module, .format = (weir_format)(form / 4 % 3)};
    weir_framing_config config = {.framing = framings[form % 4],
                                  .length_bytes = (int)(form / 12 % 4),
                                  .max_size = 1 + limit % 64};

    if (config.framing == WEIR_FRAMING_FIXED)
        config.record_size = 1 + limit / 64;
    return weir_framer_init(framer, &source, &config, NULL);
}

/* Writes down the messages that are there. A faulty one is shown as far as it has come, which the
 * pieces decide; that it is there they do not. */
static weir_status drain(weir_framer *framer, weir_buffer *record)
{
    weir_frame frame;
    weir_status status;

    while ((status = weir_framer_next(framer, &frame)) == WEIR_OK) {
        weir_slice shown = frame.message;
        FUZZ_HOLD(frame.fault == NULL || frame.fault[0] != '\0');
        FUZZ_HOLD(frame.fault != NULL || shown.size <= framer->limit);
        weir_buffer_printf(record, "%zu%c", frame.fault == NULL ? shown.size : 0,
                           frame.fault == NULL ? ':' : '!');
        if (frame.fault == NULL && shown.size != 0)
            weir_buffer_append(record, shown.data, shown.size);
        weir_framer_take(framer);
    }
    return status;
}

static void feed(weir_framer *framer, weir_slice piece, weir_buffer *record)
{
    unsigned char *room = weir_framer_room(framer, piece.size);

    FUZZ_HOLD(room != NULL);
    memcpy(room, piece.data, piece.size);
    weir_framer_add(framer, piece.size);
    FUZZ_HOLD(framer->bytes.size <= framer->limit + 16 + 2 * LARGEST_PIECE);
    FUZZ_HOLD(drain(framer, record) == WEIR_AGAIN);
}

/* `seed`: how long the pieces are; 0: one byte each. */
static void run(unsigned form, unsigned limit, unsigned seed, weir_slice input, weir_buffer *record)
{
    weir_framer framer;
    uint32_t chance = seed;

    if (open_framer(&framer, form, limit) != WEIR_OK)
        return;
    while (input.size != 0) {
        chance = chance * 1664525 + (seed != 0 ? 1013904223 : 0);
        size_t size = 1 + (chance >> 16) % LARGEST_PIECE;
        size = size < input.size ? size : input.size;
        feed(&framer, (weir_slice){input.data, size}, record);
        input = (weir_slice){input.data + size, input.size - size};
    }
    weir_framer_end(&framer, limit % 2 == 0);
    FUZZ_HOLD(drain(&framer, record) == WEIR_CLOSED);
    weir_framer_free(&framer);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    weir_slice input = {data, size};
    unsigned form = fuzz_choice(&input), limit = fuzz_choice(&input), seed = fuzz_choice(&input);
    weir_buffer one_by_one = {0}, in_pieces = {0};

    run(form, limit, 0, input, &one_by_one);
    run(form, limit, seed + 1, input, &in_pieces);
    FUZZ_HOLD(fuzz_same(&one_by_one, &in_pieces));
    weir_buffer_free(&one_by_one);
    weir_buffer_free(&in_pieces);
    return 0;
}
