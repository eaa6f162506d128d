/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - the tape by hand: knows its columns and keys, and trusts its file. */
#include "bench/replay.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 256 * 1024, LONGEST = 512 };

/* Two files and what is between them: `in` holds whole and begun records, `out` what is to be
 * written. */
typedef struct tape_io {
    int from, to;
    unsigned char in[PIECE + LONGEST], out[PIECE + LONGEST];
    size_t size, used;
    bool ended;
} tape_io;

static bool open_tape(tape_io *tape, const char *from, const char *to)
{
    tape->from = open(from, O_RDONLY | O_CLOEXEC);
    tape->to = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    tape->size = tape->used = 0;
    tape->ended = false;
    return tape->from >= 0 && tape->to >= 0;
}

static bool flush(tape_io *tape)
{
    bool good = write(tape->to, tape->out, tape->used) == (ssize_t)tape->used;

    tape->used = 0;
    return good;
}

static bool close_tape(tape_io *tape)
{
    bool good = flush(tape);

    return (close(tape->from) == 0) & (close(tape->to) == 0) && good;
}

/* Moves what begins at `at` down and reads on behind it. */
static bool refill(tape_io *tape, const unsigned char *at)
{
    size_t rest = (size_t)(tape->in + tape->size - at);

    memmove(tape->in, at, rest);
    ssize_t more = read(tape->from, tape->in + rest, PIECE);
    tape->size = rest + (more > 0 ? (size_t)more : 0);
    tape->ended = more <= 0;
    return more >= 0;
}

/* --- CSV --- */

static const unsigned char *read_cents(const unsigned char *at, double *ret)
{
    int64_t cents = 0;

    for (; *at != '.'; at++)
        cents = cents * 10 + (*at - '0');
    cents = cents * 100 + (at[1] - '0') * 10 + (at[2] - '0');
    *ret = (double)cents / 100;
    return at + 4;
}

static const unsigned char *read_row(const unsigned char *at, tape_quote *quote)
{
    size_t size = 0;

    memset(quote->symbol, 0, sizeof quote->symbol);
    for (; *at != ','; at++)
        quote->symbol[size++] = (char)*at;
    at = read_cents(at + 1, &quote->bid);
    at = read_cents(at, &quote->ask);
    at = read_cents(at, &quote->bid_size);
    at = read_cents(at, &quote->ask_size);
    quote->ts = 0;
    for (; *at != '\n'; at++)
        quote->ts = quote->ts * 10 + (*at - '0');
    return at + 1;
}

static unsigned char *print_integer(unsigned char *at, uint64_t value)
{
    unsigned char digits[20], *first = digits + sizeof digits;

    do {
        *--first = (unsigned char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    size_t size = (size_t)(digits + sizeof digits - first);
    memcpy(at, first, size);
    return at + size;
}

static unsigned char *print_cents(unsigned char *at, double value)
{
    uint64_t cents = (uint64_t)(value * 100 + 0.5);

    at = print_integer(at, cents / 100);
    if (cents % 100 != 0) {
        *at++ = '.';
        *at++ = (unsigned char)('0' + cents / 10 % 10);
        if (cents % 10 != 0)
            *at++ = (unsigned char)('0' + cents % 10);
    }
    *at = ',';
    return at + 1;
}

static void write_row(tape_io *tape, const tape_price *price)
{
    unsigned char *at = tape->out + tape->used;
    size_t size = strlen(price->symbol);

    memcpy(at, price->symbol, size);
    at += size;
    *at++ = ',';
    at = print_cents(at, price->price);
    at = print_cents(at, price->size);
    at = print_integer(at, (uint64_t)price->ts);
    *at++ = '\n';
    tape->used = (size_t)(at - tape->out);
}

static const unsigned char *row_end(const tape_io *tape, const unsigned char *at)
{
    return memchr(at, '\n', (size_t)(tape->in + tape->size - at));
}

bool csv_by_hand(const char *from, const char *to)
{
    static tape_io tape;
    static const char head[] = "symbol,price,size,ts\n";
    weir_firing firing = {.number = 0};
    const unsigned char *at = tape.in;
    bool good = open_tape(&tape, from, to) && refill(&tape, at) && row_end(&tape, at) != NULL;

    memcpy(tape.out, head, sizeof head - 1);
    tape.used = sizeof head - 1;
    for (at = good ? row_end(&tape, at) + 1 : at; good;) {
        tape_quote quote;
        tape_price price = {.ts = 0};
        if ((size_t)(tape.in + tape.size - at) < LONGEST && !tape.ended) {
            good = refill(&tape, at);
            at = tape.in;
            continue;
        }
        if (at == tape.in + tape.size)
            break;
        at = read_row(at, &quote);
        good = tape_tape_price(&firing, &quote, &price) == WEIR_OK;
        write_row(&tape, &price);
        good = good && (tape.used < PIECE || flush(&tape));
    }
    return close_tape(&tape) && good;
}

/* --- MessagePack --- */

static uint64_t load(const unsigned char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return __builtin_bswap64(word);
}

static double load_double(const unsigned char *at)
{
    uint64_t word = load(at);
    double value;

    memcpy(&value, &word, sizeof value);
    return value;
}

/* Where each value begins behind the symbol, whose own size is in its head. */
static const unsigned char *read_map(const unsigned char *at, tape_quote *quote)
{
    size_t size = at[8] & 0x1f;

    memset(quote->symbol, 0, sizeof quote->symbol);
    memcpy(quote->symbol, at + 9, size);
    at += 9 + size;
    quote->bid = load_double(at + 5);
    quote->ask = load_double(at + 18);
    quote->bid_size = load_double(at + 36);
    quote->ask_size = load_double(at + 54);
    quote->ts = (int64_t)load(at + 66);
    return at + 74;
}

static unsigned char *put(unsigned char *at, const char *head, size_t size, const void *word)
{
    uint64_t bits;

    memcpy(at, head, size);
    memcpy(&bits, word, sizeof bits);
    bits = __builtin_bswap64(bits);
    memcpy(at + size, &bits, sizeof bits);
    return at + size + 8;
}

static void write_map(tape_io *tape, const tape_price *price)
{
    unsigned char *at = tape->out + tape->used;
    size_t size = strlen(price->symbol);

    memcpy(at, "\204\246symbol", 8);
    at[8] = (unsigned char)(0xa0 | size);
    memcpy(at + 9, price->symbol, sizeof price->symbol);
    at += 9 + size;
    at = put(at, "\245price\313", 7, &price->price);
    at = put(at, "\244size\313", 6, &price->size);
    at = put(at, "\242ts\317", 4, &price->ts);
    tape->used = (size_t)(at - tape->out);
}

bool msgpack_by_hand(const char *from, const char *to)
{
    static tape_io tape;
    weir_firing firing = {.number = 0};
    const unsigned char *at = tape.in;
    bool good = open_tape(&tape, from, to);

    while (good) {
        tape_quote quote;
        tape_price price = {.ts = 0};
        if ((size_t)(tape.in + tape.size - at) < LONGEST && !tape.ended) {
            good = refill(&tape, at);
            at = tape.in;
            continue;
        }
        if (at == tape.in + tape.size)
            break;
        at = read_map(at, &quote);
        good = tape_tape_price(&firing, &quote, &price) == WEIR_OK;
        write_map(&tape, &price);
        good = good && (tape.used < PIECE || flush(&tape));
    }
    return close_tape(&tape) && good;
}
