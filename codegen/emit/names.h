/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - the C names of what a spec names, and lines of C. */
#ifndef WEIR_CODEGEN_EMIT_NAMES_H
#define WEIR_CODEGEN_EMIT_NAMES_H

#include "codegen/model.h"
#include "core/buffer.h"

enum { EMIT_COLUMNS = 100 };

/* A C identifier, by value: it lives as long as the expression that asks for it. */
typedef struct c_name {
    char text[256];
} c_name;

c_name emit_snake(const char *name); /* OrderBook -> order_book, HTTPCode2 -> http_code2 */
c_name emit_upper(const char *name); /* OrderBook -> ORDER_BOOK */

/* A name as a member, parameter or variable: as it is, with '_' behind a word that C or C++
 * reserves. */
c_name emit_member(const char *name);

/* The variable of a node, an input or a route: like its member, but none of the words that
 * generated functions use for themselves. */
c_name emit_variable(const char *name);

/* market_order_book; int64_t and so on for a scalar. */
c_name emit_type(const spec *model, const spec_type *type);

/* MARKET_SIDE_BUY */
c_name emit_enumerator(const spec *model, const spec_type *type, const char *value);

/* Writes one line of C indented by `indent` columns, broken at spaces outside of quotes where it
 * would pass EMIT_COLUMNS. */
void emit_line(weir_buffer *out, int indent, const char *format, ...) WEIR_PRINTF(3, 4);

void emit_blank(weir_buffer *out);

/* Writes `doc` and the place as a comment: "A quote. market.weir.yaml:12". */
void emit_comment(weir_buffer *out, int indent, const char *doc, weir_place where);

/* Writes `size` bytes as a C string literal, with its quotes. */
void emit_literal(weir_buffer *out, const void *data, size_t size);

#endif
