/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - a spec's types and names for the tests of expressions; world_types.h is the same in C.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

static spec_enumerator sides[] = {{.name = "buy", .number = 0}, {.name = "sell", .number = 1}};

const spec_type world_type_side = {
    .kind = SPEC_ENUM, .name = "Side", .enumerators = sides, .enumerator_count = 2};

static spec_field level_fields[3];
static spec_field all_fields[40];

const spec_type world_type_level = {
    .kind = SPEC_STRUCT, .name = "Level", .fields = {level_fields, 3}};
spec_type world_type_all = {.kind = SPEC_STRUCT, .name = "All", .fields = {all_fields, 0}};

static spec_shape shape_of(spec_type_kind kind)
{
    return (spec_shape){.type = spec_scalar(kind)};
}

static void add(const char *name, spec_shape shape)
{
    all_fields[world_type_all.fields.count++] = (spec_field){.name = name, .shape = shape};
}

static spec_shape text(uint32_t size)
{
    return (spec_shape){.type = spec_scalar(SPEC_STRING), .size = size};
}

static spec_shape bytes(uint32_t size)
{
    return (spec_shape){.type = spec_scalar(SPEC_BYTES), .size = size};
}

static spec_shape optional(spec_shape shape)
{
    shape.optional = true;
    return shape;
}

static spec_shape list(spec_shape shape, uint32_t min, uint32_t max)
{
    shape.list = true;
    shape.min = min;
    shape.max = max;
    return shape;
}

static void add_scalars(void)
{
    static const struct {
        const char *name;
        spec_type_kind kind;
    } fields[] = {
        {"b", SPEC_BOOL},        {"b2", SPEC_BOOL},       {"i8", SPEC_I8},
        {"i16", SPEC_I16},       {"i32", SPEC_I32},       {"i64", SPEC_I64},
        {"j64", SPEC_I64},       {"u8", SPEC_U8},         {"u16", SPEC_U16},
        {"u32", SPEC_U32},       {"u64", SPEC_U64},       {"v64", SPEC_U64},
        {"f32", SPEC_F32},       {"f64", SPEC_F64},       {"g64", SPEC_F64},
        {"ts", SPEC_TIMESTAMP},  {"ts2", SPEC_TIMESTAMP}, {"dur", SPEC_DURATION},
        {"dur2", SPEC_DURATION}, {"day", SPEC_DATE},      {"day2", SPEC_DATE},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        add(fields[i].name, shape_of(fields[i].kind));
}

static void declare(void)
{
    spec_shape level = {.type = &world_type_level};

    if (world_type_all.fields.count != 0)
        return;
    level_fields[0] = (spec_field){.name = "price", .shape = shape_of(SPEC_F64)};
    level_fields[1] = (spec_field){.name = "size", .shape = shape_of(SPEC_U32)};
    level_fields[2] = (spec_field){.name = "note", .shape = optional(text(4))};
    add_scalars();
    add("s", text(8));
    add("s2", text(16));
    add("raw", bytes(4));
    add("raw2", bytes(8));
    add("side", (spec_shape){.type = &world_type_side});
    add("of", optional(shape_of(SPEC_F64)));
    add("oi", optional(shape_of(SPEC_I64)));
    add("level", level);
    add("ol", optional(level));
    add("lv", list(level, 0, 4));
    add("arr", list(shape_of(SPEC_I64), 3, 3));
    add("ns", list(text(4), 0, 3));
    add("us", list(shape_of(SPEC_U8), 0, 5));
}

const spec_field *world_field(const char *name)
{
    declare();
    for (size_t i = 0; i < world_type_all.fields.count; i++)
        if (strcmp(all_fields[i].name, name) == 0)
            return &all_fields[i];
    return NULL;
}

static void take_error(void *arg, weir_place where, const char *sentence)
{
    expr_world *world = arg;

    if (world->errors++ != 0)
        return;
    world->where = where;
    snprintf(world->sentence, sizeof world->sentence, "%s", sentence);
}

void world_begin(expr_world *world)
{
    spec_shape all = {.type = &world_type_all}, level = {.type = &world_type_level};

    declare();
    *world = (struct expr_world){.types = {&world_type_side, &world_type_level}};
    expr_root roots[] = {
        {.name = "a", .shape = all, .members = "in->a->"},
        {.name = "o",
         .shape = all,
         .presence = EXPR_OPTIONAL,
         .members = "in->o->",
         .present = "in->o != NULL"},
        {.name = "r",
         .shape = all,
         .presence = EXPR_BY_READING,
         .members = "in->r->",
         .present = "in->r != NULL"},
        {.name = "w", .shape = level, .window = true, .value = "in->w", .count = "in->w_count"},
        {.name = "now", .shape = shape_of(SPEC_TIMESTAMP), .value = "in->now"},
    };
    memcpy(world->roots, roots, sizeof roots);
    world->context = (expr_context){
        .arena = &world->arena,
        .roots = world->roots,
        .root_count = sizeof roots / sizeof *roots,
        .types = world->types,
        .type_count = 2,
        .report = take_error,
        .arg = world,
    };
}

void world_end(expr_world *world)
{
    weir_arena_free(&world->arena);
}

const expr *world_check(expr_world *world, const char *expression, const spec_shape *target)
{
    spec_expression all = {.text = expression, .where = {"test.weir.yaml", 7, 11}};

    world->errors = 0;
    *world->sentence = '\0';
    return expr_check(&world->context, &all, target);
}

static const char *enumerator(void *arg, const spec_type *type, const spec_enumerator *item)
{
    (void)arg;
    (void)type;
    return strcmp(item->name, "buy") == 0 ? "WORLD_SIDE_BUY" : "WORLD_SIDE_SELL";
}

static const char *type_name(void *arg, const spec_type *type)
{
    (void)arg;
    return type == &world_type_side ? "world_side" : "world_level";
}

void world_output(expr_world *world, weir_buffer *out, expr_output *ret)
{
    *ret = (expr_output){
        .arena = &world->arena,
        .out = out,
        .indent = 4,
        .fail = "return weir_fail(firing, ",
        .enumerator = enumerator,
        .type_name = type_name,
    };
}

/* The member of world_value for a type, and the cast to it. */
static char member_of(const spec_type *type)
{
    if (type->kind == SPEC_BOOL)
        return 'b';
    if (type->kind == SPEC_STRING)
        return 's';
    if (type->kind == SPEC_BYTES)
        return 'y';
    if (type->kind == SPEC_F32 || type->kind == SPEC_F64)
        return 'd';
    return type->kind >= SPEC_U8 && type->kind <= SPEC_U64 ? 'u' : 'i';
}

static const char *cast_to(char member)
{
    return member == 'd' ? "(double)" : member == 'u' ? "(uint64_t)" : "(int64_t)";
}

void world_emit_function(expr_world *world, weir_buffer *out, const char *name, const expr *tree,
                         const char *before)
{
    expr_output output;
    char member = member_of(expr_shape(tree).type);

    weir_buffer_printf(out,
                       "static weir_status %s(weir_firing *firing, const world_inputs *in, "
                       "world_value *out)\n{\n    (void)firing;\n    (void)in;\n%s",
                       name, before);
    world_output(world, out, &output);
    if (member == 'y') {
        const spec_field y = {.name = "y", .shape = bytes(128)};
        expr_emit_assign(&output, tree, &y, "out->");
        weir_buffer_printf(out, "    out->kind = 'y';\n    return WEIR_OK;\n}\n\n");
        return;
    }
    const char *value = expr_emit(&output, tree);
    weir_buffer_printf(out, "    out->kind = '%c';\n", member);
    if (member == 's')
        weir_buffer_printf(out, "    weir_text_copy(out->s, sizeof out->s, %s);\n", value);
    else if (member == 'b')
        weir_buffer_printf(out, "    out->b = %s;\n", value);
    else
        weir_buffer_printf(out, "    out->%c = %s(%s);\n", member, cast_to(member), value);
    weir_buffer_printf(out, "    return WEIR_OK;\n}\n\n");
}
