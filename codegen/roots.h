/* SPDX-License-Identifier: Apache-2.0 */
/* roots.h - what each expression of a spec may read, and how C reaches it.
 *
 * The one place that ties an expression's names to the C around it: the checker reads expressions
 * by these roots, and the emitter writes the functions that declare what their C text names.
 *
 * Memory: roots and their texts live in `arena`. A NULL `items` means that there was none.
 */
#ifndef WEIR_CODEGEN_ROOTS_H
#define WEIR_CODEGEN_ROOTS_H

#include "codegen/expr/expr.h"
#include "codegen/model.h"

typedef struct spec_roots {
    expr_root *items;
    size_t count;
} spec_roots;

/* `where:` of an accumulator and `update:` / `set:` of a stream: event, state, now, params. */
spec_roots spec_roots_of_accumulator(const spec *model, const spec_accumulator *accumulator,
                                     weir_arena *arena);

/* `where:` of a reactor: its accumulators, all of them readable; reading makes one required. */
spec_roots spec_roots_of_reactor(const spec *model, const spec_reactor *reactor, weir_arena *arena);

/* `where:` and `set:` of a node: its inputs, now, params. */
spec_roots spec_roots_of_node(const spec *model, const spec_node *node, weir_arena *arena);

/* Expressions of a task: context, input. */
/* `item`: the shape of what it runs for each of; NULL: it does not. */
spec_roots spec_roots_of_task(const spec_workflow *workflow, const spec_shape *item,
                              weir_arena *arena);

/* The struct of the module's parameters; NULL: it has none. Made once, in the spec's arena. */
const spec_type *spec_params_type(const spec *model, weir_arena *arena);

/* What a graph is called with, and what an execution of a workflow is started with, as structs of
 * their own. NULL: out of memory, or there is none. */
const spec_type *spec_args_type(const spec_graph *graph, weir_arena *arena);
const spec_type *spec_input_type(const spec_workflow *workflow, weir_arena *arena);

/* The C name of an operand: orderbook, decide_trade. */
const char *spec_operand_name(const spec_operand *operand, weir_arena *arena);

/* What an expression calls it: orderbook, decide.trade. */
const char *spec_operand_path(const spec_operand *operand, weir_arena *arena);

#endif
