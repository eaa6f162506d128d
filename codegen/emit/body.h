/* SPDX-License-Identifier: Apache-2.0 */
/* body.h - the body of a function, written aside: what it does not name is not declared before it,
 * and parameters that it does not name are told to the compiler.
 *
 *     body_begin(&body, e);
 *     EMIT(e, 4, "return WEIR_OK;");
 *     body_end(&body);
 *     if (body_names(&body, "params")) ... declare it
 *     body_unused(&body, "firing");
 *     body_put(&body);
 */
#ifndef WEIR_CODEGEN_EMIT_BODY_H
#define WEIR_CODEGEN_EMIT_BODY_H

#include "codegen/emit/module.h"

typedef struct function_body {
    emitter *e;
    weir_buffer text;
    weir_buffer *out; /* where the function itself goes */
} function_body;

/* Between these two all that `e` emits is the body. */
void body_begin(function_body *body, emitter *e);
void body_end(function_body *body);

/* Does the body name `word`, outside of comments and texts? */
bool body_names(const function_body *body, const char *word);

/* Declares an input, `const market_quote *orderbook = inputs[0];`, if the body names it. True: it
 * does. */
bool body_input(const function_body *body, const graph_input *input);

/* Declares `params` if the body names it, and ends the declarations, of which there are `others`;
 * then `firing` is used or told. */
void body_declared(const function_body *body, bool others);

/* `(void)name;` unless the body names it. */
void body_unused(const function_body *body, const char *name);

/* Emits the body, and frees it. */
void body_put(function_body *body);

#endif
