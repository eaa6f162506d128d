/* SPDX-License-Identifier: Apache-2.0 */
/* expression.c - any text as an expression over the types of tests/expr: an error with a place, or
 * C statements. The first byte says which field it is to be assigned to, if any. */
#include "tests/expr/world.h"
#include "tests/fuzz/fuzz.h"

static void emit(expr_world *world, const expr *tree, const spec_field *field)
{
    weir_buffer out = {0};
    expr_output output;

    world_output(world, &out, &output);
    FUZZ_HOLD(expr_emit(&output, tree) != NULL);
    if (field != NULL)
        FUZZ_HOLD(expr_emit_assign(&output, tree, field, "out->"));
    FUZZ_HOLD(!out.failed);
    weir_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    weir_slice input = {data, size};
    unsigned target = fuzz_choice(&input);
    expr_world world;

    world_begin(&world);
    size_t fields = world_type_all.fields.count;
    const spec_field *field = target < fields ? &world_type_all.fields.items[target] : NULL;
    char *text = malloc(input.size + 1);
    FUZZ_HOLD(text != NULL);
    if (input.size != 0)
        memcpy(text, input.data, input.size);
    text[input.size] = '\0';
    const expr *tree = world_check(&world, text, field != NULL ? &field->shape : NULL);
    FUZZ_HOLD((tree == NULL) == (world.errors != 0));
    FUZZ_HOLD(tree != NULL || world.sentence[0] != '\0');
    if (tree != NULL)
        emit(&world, tree, field);
    free(text);
    world_end(&world);
    return 0;
}
