/* SPDX-License-Identifier: Apache-2.0 */
/* cel_generate.c - compiles CEL's conformance cases to one C file: cel_generate FILE. */
#include <stdio.h>
#include <string.h>

#include "cel_cases.h"
#include "codegen/emit/names.h"
#include "world.h"

static const struct {
    const char *c_type;
    spec_type_kind kind;
} variables[] = {[CEL_BOOL] = {"bool", SPEC_BOOL},
                 [CEL_INT] = {"int64_t", SPEC_I64},
                 [CEL_UINT] = {"uint64_t", SPEC_U64},
                 [CEL_DOUBLE] = {"double", SPEC_F64},
                 [CEL_STRING] = {"char *const", SPEC_STRING}};

/* Declares the case's variable, in C and for the checker. */
static void declare_variable(expr_world *world, const cel_case *item, weir_buffer *before)
{
    cel_kind kind = item->variable_kind;
    bool text = kind == CEL_STRING;

    if (*item->variable == '\0')
        return;
    world->roots[world->context.root_count++] = (expr_root){
        .name = item->variable,
        .shape = {.type = spec_scalar(variables[kind].kind),
                  .size = (uint32_t)strlen(item->variable_value)},
        .value = item->variable,
    };
    weir_buffer_printf(before, "    const %s %s = %s%s%s;\n    (void)%s;\n", variables[kind].c_type,
                       item->variable, text ? "\"" : "", item->variable_value, text ? "\"" : "",
                       item->variable);
}

static void write_case(weir_buffer *out, weir_buffer *table, weir_buffer *refusals, size_t i)
{
    weir_buffer before = {0};
    expr_world world;
    char name[32];

    world_begin(&world);
    declare_variable(&world, &cel_cases[i], &before);
    const expr *tree = world_check(&world, cel_cases[i].text, NULL);
    snprintf(name, sizeof name, tree != NULL ? "case_%zu" : "NULL", i);
    if (tree != NULL)
        world_emit_function(&world, out, name, tree, before.data != NULL ? before.data : "");
    weir_buffer_printf(table, "    %s,\n", name);
    weir_buffer_text(refusals, "    ");
    emit_literal(refusals, world.sentence, strlen(world.sentence));
    weir_buffer_text(refusals, ",\n");
    weir_buffer_free(&before);
    world_end(&world);
}

int main(int argc, char **argv)
{
    weir_buffer out = {0}, table = {0}, refusals = {0};
    FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;

    if (file == NULL)
        return 1;
    for (size_t i = 0; i < cel_case_count; i++)
        write_case(&out, &table, &refusals, i);
    fprintf(file,
            "#include \"cel_cases.h\"\n\n%s"
            "const world_function cel_functions[] = {\n%s};\n\n"
            "const char *const cel_refusals[] = {\n%s};\n",
            out.data, table.data, refusals.data);
    bool failed = out.failed || table.failed || refusals.failed;
    weir_buffer_free(&out);
    weir_buffer_free(&table);
    weir_buffer_free(&refusals);
    return fclose(file) != 0 || failed;
}
