/* SPDX-License-Identifier: Apache-2.0 */
/* random_evaluate.c - the naive interpreter of random expressions: an oracle that shares nothing
 * with the compiler but the meaning. Integers are computed in 128 bits and then looked at. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_expr.h"
#include "random_tree.h"

__extension__ typedef __int128 wide;

typedef struct operands {
    world_value *x, *y; /* the first two parts, computed */
    const world_inputs *in;
    world_value *ret;
} operands;

static bool put_signed(world_value *ret, wide value)
{
    ret->i = (int64_t)value;
    return value >= INT64_MIN && value <= INT64_MAX;
}

static bool put_unsigned(world_value *ret, wide value)
{
    ret->u = (uint64_t)value;
    return value >= 0 && value <= UINT64_MAX;
}

static bool put_text(world_value *ret, const char *text)
{
    snprintf(ret->s, sizeof ret->s, "%s", text);
    return true;
}

static bool put_truncated(world_value *ret, double value, double low, double high, bool is_signed)
{
    double whole = trunc(value);

    if (!(whole >= low && whole <= high))
        return false;
    return is_signed ? put_signed(ret, (wide)whole) : put_unsigned(ret, (wide)whole);
}

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text >> 6) != 2;
    return count;
}

static bool text_ends(const char *text, const char *part)
{
    while (*text != '\0' && strcmp(text, part) != 0)
        text++;
    return strcmp(text, part) == 0;
}

static bool leaf(random_operation op, const world_inputs *in, world_value *ret)
{
    const world_all *a = in->a;

    switch ((int)op) {
#define LEAF(name, member, value)                                                                  \
    case OP_##name:                                                                                \
        ret->member = value;                                                                       \
        return true;
#define TEXT_LEAF(name, value)                                                                     \
    case OP_##name:                                                                                \
        return put_text(ret, value);
        LEAF(A_B, b, a->b)
        LEAF(A_B2, b, a->b2)
        LEAF(TRUE, b, true)
        LEAF(FALSE, b, false)
        LEAF(SIDE_BUY, b, a->side == WORLD_SIDE_BUY)
        LEAF(SIDE_SELL, b, a->side != WORLD_SIDE_SELL)
        LEAF(RAW, b, a->raw_size == a->raw2_size && memcmp(a->raw, a->raw2, a->raw_size) == 0)
        LEAF(DAYS, b, a->day <= a->day2)
        LEAF(I8, i, a->i8)
        LEAF(I16, i, a->i16)
        LEAF(I32, i, a->i32)
        LEAF(I64, i, a->i64)
        LEAF(J64, i, a->j64)
        LEAF(I_0, i, 0)
        LEAF(I_1, i, 1)
        LEAF(I_M1, i, -1)
        LEAF(I_127, i, 127)
        LEAF(I_300, i, 300)
        LEAF(I_MAX, i, INT64_MAX)
        LEAF(I_MIN, i, INT64_MIN)
        LEAF(SIZE_W, i, (int64_t)in->w_count)
        LEAF(SIZE_NS, i, a->ns_count)
        LEAF(SIZE_ARR, i, 3)
        LEAF(INT_SIDE, i, (int64_t)a->side)
        LEAF(ARR_1, i, a->arr[1])
        LEAF(SIZE_RAW, i, a->raw_size)
        LEAF(U8, u, a->u8)
        LEAF(U16, u, a->u16)
        LEAF(U32, u, a->u32)
        LEAF(U64, u, a->u64)
        LEAF(V64, u, a->v64)
        LEAF(U_0, u, 0)
        LEAF(U_1, u, 1)
        LEAF(U_255, u, 255)
        LEAF(U_256, u, 256)
        LEAF(U_MAX, u, UINT64_MAX)
        LEAF(F32, d, (double)a->f32)
        LEAF(F64, d, a->f64)
        LEAF(G64, d, a->g64)
        LEAF(D_0, d, 0.0)
        LEAF(D_HALF, d, 0.5)
        LEAF(D_BIG, d, 1e300)
        LEAF(D_M2, d, -2.0)
        LEAF(R_OF, d, in->o != NULL && in->o->has_of ? in->o->of : 7.0)
        LEAF(LEVEL, d, a->level.price)
        LEAF(TS, i, a->ts)
        LEAF(TS2, i, a->ts2)
        LEAF(NOW, i, in->now)
        LEAF(T_2024, i, 1709294400000000000)
        LEAF(DUR, i, a->dur)
        LEAF(DUR2, i, a->dur2)
        LEAF(D_250MS, i, 250000000)
        LEAF(D_M1H, i, -3600000000000)
        TEXT_LEAF(S, a->s)
        TEXT_LEAF(S2, a->s2)
        TEXT_LEAF(S_EMPTY, "")
        TEXT_LEAF(S_A, "A")
        TEXT_LEAF(S_LONG, "longer than eight")
        TEXT_LEAF(S_UTF8, "\xc3\xa4")
#undef LEAF
#undef TEXT_LEAF
    case OP_W0:
        ret->d = in->w_count > 0 ? in->w[0].price : 0;
        return in->w_count > 0;
    case OP_NS0:
        return a->ns_count > 0 && put_text(ret, a->ns[0]);
    default:
        return false;
    }
}

/* What asks for its parts itself: ?:, &&, || and the guards. */
static bool lazily(const random_node *node, const world_inputs *in, world_value *ret,
                   bool *ret_good)
{
    const random_node *x = node->parts[0], *y = node->parts[1], *z = node->parts[2];
    const world_all *a = in->a;

    *ret_good = true;
    switch ((int)node->template->operation) {
    case OP_CHOICE_B:
    case OP_CHOICE_I:
    case OP_CHOICE_U:
    case OP_CHOICE_D:
    case OP_CHOICE_S:
    case OP_CHOICE_T:
    case OP_CHOICE_DUR:
        *ret_good = random_evaluate(x, in, ret) && random_evaluate(ret->b ? y : z, in, ret);
        return true;
    case OP_AND:
    case OP_AND2:
        *ret_good = random_evaluate(x, in, ret) && (!ret->b || random_evaluate(y, in, ret));
        return true;
    case OP_OR:
    case OP_OR2:
        *ret_good = random_evaluate(x, in, ret) && (ret->b || random_evaluate(y, in, ret));
        return true;
    case OP_GUARD:
        if (in->o != NULL && (*ret_good = random_evaluate(x, in, ret)))
            ret->b = in->o->i64 > ret->i;
        else
            ret->b = false;
        return true;
    case OP_GUARD_NOT:
        ret->b = true;
        if (a->has_of && (*ret_good = random_evaluate(x, in, ret)))
            ret->b = a->of < ret->d;
        return true;
    case OP_GUARD_STEPS:
        ret->b = false;
        if (a->has_oi && (*ret_good = a->oi != INT64_MAX && random_evaluate(x, in, ret)))
            ret->b = a->oi + 1 == 5 || a->oi + 1 == ret->i;
        return true;
    default:
        return false;
    }
}

/* What the templates of mixed kinds ask for: enums, narrow types, dates. */
static bool of_mixed_kinds(const random_node *node, const world_inputs *in, world_value *ret,
                           bool *ret_good)
{
    const world_all *a = in->a;
    random_operation op = node->template->operation;

    if (op < OP_SIDE_CHOICE)
        return false;
    *ret_good = random_evaluate(node->parts[0], in, ret);
    bool yes = ret->b;
    switch ((int)op) {
    case OP_SIDE_CHOICE:
        ret->b = !yes || a->side == WORLD_SIDE_BUY;
        break;
    case OP_SIDE_STEPS:
        *ret_good = *ret_good && (!yes || a->ns_count > 0);
        ret->b =
            yes ? a->ns[0][0] == '\0' || a->side == WORLD_SIDE_BUY : a->side == WORLD_SIDE_SELL;
        break;
    case OP_NARROW_CHOICE:
        ret->i = a->i8;
        break;
    case OP_MIXED_CHOICE:
        ret->i = yes ? a->i8 : a->i16;
        break;
    case OP_FLOAT_CHOICE:
        *ret_good = *ret_good && (yes || (random_evaluate(node->parts[1], in, ret) &&
                                          isinf((float)ret->d) == isinf(ret->d)));
        ret->d = yes ? (double)a->f32 : (double)(float)ret->d;
        break;
    case OP_DAY_MIN:
        ret->b = !yes || a->day <= a->day2;
        break;
    default:
        break;
    }
    return true;
}

static bool compute_signed(random_operation op, const operands *o, bool *ret_good)
{
    wide x = o->x->i, y = o->y->i, result = 0;

    *ret_good = true;
    switch ((int)op) {
    case OP_ADD_I:
    case OP_T_PLUS:
    case OP_PLUS_T:
    case OP_D_PLUS:
        result = x + y;
        break;
    case OP_SUB_I:
    case OP_T_MINUS:
    case OP_T_T:
    case OP_D_MINUS:
        result = x - y;
        break;
    case OP_MUL_I:
        result = x * y;
        break;
    case OP_DIV_I:
        *ret_good = y != 0;
        result = y != 0 ? x / y : 0;
        break;
    case OP_MOD_I: /* CEL: the remainder of a division that fails fails too */
        *ret_good = y != 0 && !(x == INT64_MIN && y == -1);
        result = y != 0 ? x % y : 0;
        break;
    case OP_MIN_I:
    case OP_MIN_T:
        result = x < y ? x : y;
        break;
    case OP_MAX_I:
        result = x > y ? x : y;
        break;
    case OP_ABS_I:
        result = x < 0 ? -x : x;
        break;
    case OP_NEG_I:
        result = -x;
        break;
    case OP_DIV_2:
        result = x / 2;
        break;
    case OP_MOD_10:
        result = x % 10;
        break;
    case OP_PLUS_LITERAL:
        result = x + 1;
        break;
    default:
        return false;
    }
    *ret_good = put_signed(o->ret, result) && *ret_good;
    return true;
}

static bool compute_unsigned(random_operation op, const operands *o, bool *ret_good)
{
    wide x = o->x->u, y = o->y->u, result = 0;

    *ret_good = true;
    switch ((int)op) {
    case OP_ADD_U:
        result = x + y;
        break;
    case OP_SUB_U:
        result = x - y;
        break;
    case OP_MUL_U: /* 128 signed bits may not hold it */
        *ret_good = x == 0 || y <= UINT64_MAX / x;
        result = *ret_good ? x * y : 0;
        break;
    case OP_DIV_U:
        *ret_good = y != 0;
        result = y != 0 ? x / y : 0;
        break;
    case OP_MOD_U:
        *ret_good = y != 0;
        result = y != 0 ? x % y : 0;
        break;
    case OP_MIN_U:
        result = x < y ? x : y;
        break;
    case OP_MAX_U:
        result = x > y ? x : y;
        break;
    case OP_ABS_U:
        result = x;
        break;
    case OP_U_LITERAL:
        result = x + 3;
        break;
    default:
        return false;
    }
    *ret_good = put_unsigned(o->ret, result) && *ret_good;
    return true;
}

static bool compute_double(random_operation op, const operands *o, bool *ret_good)
{
    double x = o->x->d, y = o->y->d;

    *ret_good = true;
    switch ((int)op) {
    case OP_ADD_D:
        o->ret->d = x + y;
        return true;
    case OP_SUB_D:
        o->ret->d = x - y;
        return true;
    case OP_MUL_D:
        o->ret->d = x * y;
        return true;
    case OP_DIV_D:
        o->ret->d = x / y;
        return true;
    case OP_HALF_INT:
        o->ret->d = x / 2.0;
        return true;
    case OP_MIN_D:
        o->ret->d = isnan(x) || y < x ? y : x;
        return true;
    case OP_MAX_D:
        o->ret->d = isnan(x) || y > x ? y : x;
        return true;
    case OP_ABS_D:
        o->ret->d = fabs(x);
        return true;
    case OP_NEG_D:
        o->ret->d = -x;
        return true;
    default:
        return false;
    }
}

static bool compare(random_operation op, const operands *o)
{
    const world_value *x = o->x, *y = o->y;
    bool *b = &o->ret->b;

    switch ((int)op) {
#define COMPARE(suffix, l, r)                                                                      \
    case OP_EQ_##suffix:                                                                           \
        *b = l == r;                                                                               \
        return true;                                                                               \
    case OP_NE_##suffix:                                                                           \
        *b = l != r;                                                                               \
        return true;                                                                               \
    case OP_LT_##suffix:                                                                           \
        *b = l < r;                                                                                \
        return true;                                                                               \
    case OP_LE_##suffix:                                                                           \
        *b = l <= r;                                                                               \
        return true;                                                                               \
    case OP_GT_##suffix:                                                                           \
        *b = l > r;                                                                                \
        return true;                                                                               \
    case OP_GE_##suffix:                                                                           \
        *b = l >= r;                                                                               \
        return true;
        COMPARE(B, (int)x->b, (int)y->b)
        COMPARE(I, x->i, y->i)
        COMPARE(U, x->u, y->u)
        COMPARE(D, x->d, y->d)
        COMPARE(T, x->i, y->i)
        COMPARE(DUR, x->i, y->i)
        COMPARE(S, strcmp(x->s, y->s), 0)
#undef COMPARE
    default:
        return false;
    }
}

static bool ask(random_operation op, const operands *o)
{
    const world_all *a = o->in->a;
    bool found = false;

    switch ((int)op) {
    case OP_NOT:
        found = !o->x->b;
        break;
    case OP_IN_I:
        found = o->x->i == 1 || o->x->i == 2 || o->x->i == 127;
        break;
    case OP_IN_ARR:
        found = o->x->i == a->arr[0] || o->x->i == a->arr[1] || o->x->i == a->arr[2];
        break;
    case OP_IN_US:
        for (size_t i = 0; i < a->us_count; i++)
            found |= o->x->u == a->us[i];
        break;
    case OP_IN_S:
        found = strcmp(o->x->s, "A") == 0 || strcmp(o->x->s, "B") == 0 || o->x->s[0] == '\0';
        break;
    case OP_IN_NS:
        for (size_t i = 0; i < a->ns_count; i++)
            found |= strcmp(o->x->s, a->ns[i]) == 0;
        break;
    case OP_STARTS:
        found = strstr(o->x->s, o->y->s) == o->x->s;
        break;
    case OP_ENDS:
        found = text_ends(o->x->s, o->y->s);
        break;
    case OP_CONTAINS:
        found = strstr(o->x->s, o->y->s) != NULL;
        break;
    default:
        return false;
    }
    o->ret->b = found;
    return true;
}

/* A whole decimal integer and nothing else. */
static bool read_integer(const char *text, world_value *ret)
{
    char *end = NULL;

    if (*text == '\0' || strspn(text + (*text == '-'), "0123456789") == 0)
        return false;
    long double value = strtold(text, &end);
    ret->i = strtoll(text, NULL, 10);
    return *end == '\0' && strspn(text, "-0123456789") == strlen(text) && value >= -0x1p63L &&
           value < 0x1p63L;
}

static bool convert(random_operation op, const operands *o)
{
    const world_inputs *in = o->in;
    world_value *ret = o->ret;
    int64_t i = o->x->i;
    uint64_t u = o->x->u;

    switch ((int)op) {
    case OP_INT_D:
        return o->x->d != -0x1p63 &&
               put_truncated(ret, o->x->d, -0x1p63, 0x1.fffffffffffffp62, true);
    case OP_INT_U:
        return u != 0 && put_signed(ret, (wide)u - 1);
    case OP_I8_I:
        i %= 200;
        return i >= -128 && i < 128 && put_signed(ret, i);
    case OP_I32_D:
        return put_truncated(ret, o->x->d, INT32_MIN, INT32_MAX, true);
    case OP_SIZE_S:
        return put_signed(ret, (wide)characters(o->x->s));
    case OP_ARR_I:
        i %= 4;
        return i >= 0 && i < 3 && put_signed(ret, in->a->arr[i]);
    case OP_INT_S:
        return read_integer(o->x->s, ret);
    case OP_UINT_D:
        return put_truncated(ret, o->x->d, 0, 0x1.fffffffffffffp63, false);
    case OP_UINT_I:
        return put_unsigned(ret, i % 1000);
    case OP_U8_U:
        u %= 300;
        return u < 256 && put_unsigned(ret, u);
    case OP_U16_I:
        i %= 70000;
        return i < 65536 && put_unsigned(ret, i);
    case OP_US_I:
        i %= 6;
        return i >= 0 && i < in->a->us_count && put_unsigned(ret, in->a->us[i]);
    case OP_DOUBLE_I:
        ret->d = (double)i;
        return true;
    case OP_DOUBLE_U:
        ret->d = (double)u;
        return true;
    case OP_F32_D:
        ret->d = (double)(float)o->x->d;
        return isinf(ret->d) == isinf(o->x->d);
    case OP_W_I:
        i %= 3;
        ret->d = i >= 0 && (size_t)i < in->w_count ? in->w[i].price : 0;
        return i >= 0 && (size_t)i < in->w_count;
    case OP_LV_U:
        u %= 5;
        ret->d = u < in->a->lv_count ? in->a->lv[u].price : 0;
        return u < in->a->lv_count;
    case OP_JOIN:
        snprintf(ret->s, sizeof ret->s, "%.1900s%.1900s", o->x->s, o->y->s);
        return true;
    case OP_STRING_I:
        snprintf(ret->s, sizeof ret->s, "%lld", (long long)i);
        return true;
    case OP_STRING_U:
        snprintf(ret->s, sizeof ret->s, "%llu", (unsigned long long)u);
        return true;
    case OP_STRING_B:
        return put_text(ret, o->x->b ? "true" : "false");
    default:
        return false;
    }
}

bool random_evaluate(const random_node *node, const world_inputs *in, world_value *ret)
{
    random_operation op = node->template->operation;
    world_value *parts = NULL;
    bool good = true;

    if (node->count == 0)
        return leaf(op, in, ret);
    if (lazily(node, in, ret, &good) || of_mixed_kinds(node, in, ret, &good))
        return good;
    parts = calloc(2, sizeof *parts);
    if (parts == NULL)
        return false;
    operands o = {&parts[0], &parts[1], in, ret};
    for (size_t i = 0; i < node->count && good; i++)
        good = random_evaluate(node->parts[i], in, &parts[i]);
    if (good && !compute_signed(op, &o, &good) && !compute_unsigned(op, &o, &good) &&
        !compute_double(op, &o, &good))
        good = compare(op, &o) || ask(op, &o) || convert(op, &o);
    free(parts);
    return good;
}
