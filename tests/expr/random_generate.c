/* SPDX-License-Identifier: Apache-2.0 */
/* random_generate.c - compiles random expressions to one C file: random_generate FILE [SEED COUNT].
 */
#include <stdio.h>
#include <stdlib.h>

#include "random_expr.h"
#include "world.h"

static bool write_expression(weir_buffer *out, uint64_t seed, size_t n)
{
    weir_buffer text = {0};
    weir_arena arena = {0};
    expr_world world;
    char name[32];

    random_print(random_expression(&arena, seed, n), &text);
    snprintf(name, sizeof name, "random_%zu", n);
    world_begin(&world);
    const expr *tree = world_check(&world, text.data, NULL);
    if (tree == NULL)
        fprintf(stderr, "%s: %s\n", text.data, world.sentence);
    else
        world_emit_function(&world, out, name, tree, "");
    world_end(&world);
    weir_arena_free(&arena);
    weir_buffer_free(&text);
    return tree != NULL;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : RANDOM_SEED;
    size_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : RANDOM_COUNT;
    weir_buffer out = {0};
    bool good = argc >= 2;

    for (size_t n = 0; n < count && good; n++)
        good = write_expression(&out, seed, n);
    FILE *file = good && !out.failed ? fopen(argv[1], "w") : NULL;
    if (file == NULL)
        return 1;
    fprintf(file, "#include \"random_expr.h\"\n\n%sconst world_function random_functions[] = {\n",
            out.data);
    for (size_t n = 0; n < count; n++)
        fprintf(file, "    random_%zu,\n", n);
    fprintf(file, "};\n");
    weir_buffer_free(&out);
    return fclose(file) != 0;
}
