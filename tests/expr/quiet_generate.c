/* SPDX-License-Identifier: Apache-2.0 */
/* quiet_generate.c - compiles the expressions of quiet_cases.inc to one C file: quiet_generate
 * FILE.
 *
 * The build compiles that file with every warning an error, so that building it is the test.
 */
#include <stdio.h>

#include "world.h"

static const char *const cases[] = {
#define QUIET(text) text,
#include "quiet_cases.inc"
#undef QUIET
};

enum { CASES = sizeof cases / sizeof *cases };

static bool write_case(weir_buffer *out, size_t i)
{
    expr_world world;
    char name[32];

    world_begin(&world);
    const expr *tree = world_check(&world, cases[i], NULL);
    snprintf(name, sizeof name, "quiet_%zu", i);
    if (tree == NULL)
        fprintf(stderr, "%s: %s\n", cases[i], world.sentence);
    else
        world_emit_function(&world, out, name, tree, "");
    world_end(&world);
    return tree != NULL;
}

int main(int argc, char **argv)
{
    weir_buffer out = {0};
    bool good = argc == 2;

    for (size_t i = 0; i < CASES && good; i++)
        good = write_case(&out, i);
    FILE *file = good && !out.failed ? fopen(argv[1], "w") : NULL;
    if (file == NULL)
        return 1;
    fprintf(file, "#include \"quiet_cases.h\"\n\n%sconst world_function quiet_functions[] = {\n",
            out.data);
    for (size_t i = 0; i < CASES; i++)
        fprintf(file, "    quiet_%zu,\n", i);
    fprintf(file, "};\nconst size_t quiet_count = %d;\n", CASES);
    weir_buffer_free(&out);
    return fclose(file) != 0;
}
