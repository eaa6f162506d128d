/* SPDX-License-Identifier: Apache-2.0 */
/* strings.c - string and bytes literals, with CEL's escapes: "a", 'a', """a""", r"a", b"a". */
#include "codegen/expr/lex.h"

#include <string.h>

typedef struct reading {
    expr_checker *checker;
    const char *at;
    char *out;
    bool bytes, raw, triple;
    char quote;
} reading;

static bool bad_escape(reading *r, const char *why)
{
    expr_error(r->checker, expr_place(r->checker, (uint32_t)(r->at - r->checker->text)), "%s", why);
    return false;
}

static void put_code_point(reading *r, uint32_t code)
{
    if (code < 0x80) {
        *r->out++ = (char)code;
    } else if (code < 0x800) {
        *r->out++ = (char)(0xc0 | code >> 6);
        *r->out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *r->out++ = (char)(0xe0 | code >> 12);
        *r->out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *r->out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *r->out++ = (char)(0xf0 | code >> 18);
        *r->out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *r->out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *r->out++ = (char)(0x80 | (code & 0x3f));
    }
}

static bool put_number(reading *r, const char *digits, unsigned count, unsigned base)
{
    uint32_t code = 0;

    for (unsigned i = 0; i < count; i++) {
        char c = digits[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 99;
        if (digit >= base)
            return bad_escape(r, "the escape has too few digits");
        code = code * base + digit;
    }
    if (r->bytes) { /* \xff and \377 are one byte, not a character */
        *r->out++ = (char)(unsigned char)code;
        r->at = digits + count;
        return true;
    }
    if (code == 0)
        return bad_escape(r, "a string cannot hold the character zero");
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return bad_escape(r, "the escape names no Unicode character");
    put_code_point(r, code);
    r->at = digits + count;
    return true;
}

static bool put_escape(reading *r)
{
    static const char names[] = "abfnrtv\\?\"'`", values[] = "\a\b\f\n\r\t\v\\?\"'`";
    char c = r->at[1];
    const char *name = c == '\0' ? NULL : strchr(names, c);

    if (name != NULL) {
        *r->out++ = values[name - names];
        r->at += 2;
        return true;
    }
    if (c >= '0' && c <= '3')
        return put_number(r, r->at + 1, 3, 8);
    if (c == 'x' || c == 'X')
        return put_number(r, r->at + 2, 2, 16);
    if (r->bytes && (c == 'u' || c == 'U'))
        return bad_escape(r, "bytes have no Unicode escapes; a byte is written \\xff");
    if (c == 'u')
        return put_number(r, r->at + 2, 4, 16);
    if (c == 'U')
        return put_number(r, r->at + 2, 8, 16);
    return bad_escape(r, "unknown escape; a backslash is written '\\\\', or r'..' takes all as it "
                         "stands");
}

/* The length of the closing quote at r->at, 0 where there is none. */
static size_t closing(const reading *r)
{
    if (*r->at != r->quote)
        return 0;
    if (!r->triple)
        return 1;
    return r->at[1] == r->quote && r->at[2] == r->quote ? 3 : 0;
}

static bool unclosed(reading *r, const expr_token *token)
{
    r->checker->context->cut = true;
    expr_error(r->checker, expr_place(r->checker, token->begin), "the string is not closed");
    return false;
}

static bool read_body(reading *r, const expr_token *token)
{
    while (closing(r) == 0) {
        if (*r->at == '\0' || (!r->triple && (*r->at == '\n' || *r->at == '\r')))
            return unclosed(r, token);
        if (*r->at != '\\' || r->raw)
            *r->out++ = *r->at++;
        else if (r->at[1] == '\0')
            return unclosed(r, token);
        else if (!put_escape(r))
            return false;
    }
    r->at += closing(r);
    return true;
}

bool expr_lex_string(expr_checker *checker, expr_token *token)
{
    const char *text = checker->text + token->begin;
    reading r = {.checker = checker, .bytes = *text == 'b' || *text == 'B'};

    r.at = text + r.bytes;
    r.raw = *r.at == 'r' || *r.at == 'R';
    r.at += r.raw;
    r.quote = *r.at;
    r.triple = r.at[1] == r.quote && r.at[2] == r.quote;
    r.at += r.triple ? 3 : 1;
    /* Decoded text is never longer than its escapes. */
    r.out = expr_alloc(checker, strlen(text) + 1);
    token->string = r.out;
    if (r.out == NULL || !read_body(&r, token))
        return false;
    token->size = (uint32_t)(r.out - token->string);
    token->end = (uint32_t)(r.at - checker->text);
    return true;
}
