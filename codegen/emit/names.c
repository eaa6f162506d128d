/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - the C names of what a spec names, and lines of C. */
#include "codegen/emit/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- Names --- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* A word begins at a capital behind a small letter or digit, and at the last of several capitals
 * before a small letter: HTTPCode -> http_code. */
static bool begins_word(const char *name, size_t i)
{
    return i > 0 && is_upper(name[i]) && name[i - 1] != '_' &&
           (!is_upper(name[i - 1]) || islower((unsigned char)name[i + 1]));
}

c_name emit_snake(const char *name)
{
    c_name result;
    size_t size = 0;

    for (size_t i = 0; name[i] != '\0' && size + 2 < sizeof result.text; i++) {
        if (begins_word(name, i))
            result.text[size++] = '_';
        result.text[size++] = (char)tolower((unsigned char)name[i]);
    }
    result.text[size] = '\0';
    return result;
}

c_name emit_upper(const char *name)
{
    c_name result = emit_snake(name);

    for (char *at = result.text; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return result;
}

/* Words of C17, C++17 and their common macros; `linux` and `unix` are some in GNU C. In C++ a
 * member may not have the name of a type that members behind it use. */
static const char *const reserved[] = {
    "NULL",      "alignas",       "alignof",
    "and",       "and_eq",        "asm",
    "assert",    "auto",          "bitand",
    "bitor",     "bool",          "break",
    "case",      "catch",         "char",
    "char16_t",  "char32_t",      "class",
    "compl",     "const",         "const_cast",
    "constexpr", "continue",      "decltype",
    "default",   "delete",        "do",
    "double",    "dynamic_cast",  "else",
    "enum",      "errno",         "explicit",
    "export",    "extern",        "false",
    "float",     "for",           "friend",
    "goto",      "i386",          "if",
    "inline",    "int",           "int32_t",
    "int64_t",   "linux",         "long",
    "mutable",   "namespace",     "new",
    "noexcept",  "not",           "not_eq",
    "nullptr",   "operator",      "or",
    "or_eq",     "private",       "protected",
    "public",    "register",      "reinterpret_cast",
    "restrict",  "return",        "short",
    "signed",    "size_t",        "sizeof",
    "static",    "static_assert", "static_cast",
    "stderr",    "stdin",         "stdout",
    "struct",    "switch",        "template",
    "this",      "thread_local",  "throw",
    "true",      "try",           "typedef",
    "typeid",    "typename",      "typeof",
    "uint32_t",  "uint64_t",      "uint8_t",
    "union",     "unix",          "unsigned",
    "using",     "virtual",       "void",
    "volatile",  "wchar_t",       "while",
    "xor",       "xor_eq",
};

c_name emit_member(const char *name)
{
    c_name result;
    bool taken = false;

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        taken |= strcmp(name, reserved[i]) == 0;
    snprintf(result.text, sizeof result.text, "%.250s%s", name, taken ? "_" : "");
    return result;
}

/* What generated functions call their parameters and variables, beside the words that are reserved
 * in the spec, too, and the functions of C that they call. */
static const char *const own_words[] = {
    "captures", "cell",   "count",  "counts", "error",  "failed", "firing",  "frame",  "frames",
    "given",    "inputs", "memcmp", "memcpy", "memset", "out",    "outlets", "result", "results",
    "route",    "saved",  "states", "status", "strcmp", "strlen", "value",   "values",
};

/* Variables that expressions need are t1, t2 ... */
static bool is_temporary(const char *name)
{
    return name[0] == 't' && name[1] != '\0' && name[1 + strspn(name + 1, "0123456789")] == '\0';
}

c_name emit_variable(const char *name)
{
    c_name result = emit_member(name);
    bool taken = is_temporary(name) || strncmp(name, "weir_", 5) == 0;

    for (size_t i = 0; i < sizeof own_words / sizeof *own_words; i++)
        taken |= strcmp(name, own_words[i]) == 0;
    if (taken)
        strncat(result.text, "_", sizeof result.text - strlen(result.text) - 1);
    return result;
}

static const char *module_of(const spec *model)
{
    return model->module != NULL ? model->module : "types";
}

c_name emit_type(const spec *model, const spec_type *type)
{
    static const char *const scalars[] = {
        "bool",     "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t",
        "uint64_t", "float",  "double",  "int64_t", "int64_t", "int32_t", "char",     "uint8_t",
    };
    c_name result;

    if (type->kind <= SPEC_BYTES)
        snprintf(result.text, sizeof result.text, "%s", scalars[type->kind]);
    else
        snprintf(result.text, sizeof result.text, "%.120s_%.120s",
                 emit_snake(module_of(model)).text, emit_snake(type->name).text);
    return result;
}

c_name emit_enumerator(const spec *model, const spec_type *type, const char *value)
{
    c_name result, prefix = emit_type(model, type), name = emit_snake(value);

    snprintf(result.text, sizeof result.text, "%.150s_%.100s", prefix.text, name.text);
    return emit_upper(result.text);
}

/* --- Lines --- */

/* Where to break `text` so that at most `room` columns stand before: of the spaces outside of
 * quotes that fit the last behind a comma, else the last, else the first of all; its length when
 * there is none. In a comment a comma is nothing special. */
static size_t break_at(const char *text, size_t room, bool comment)
{
    size_t best = 0, comma = 0, i;
    bool quoted = false;

    for (i = 0; text[i] != '\0'; i++) {
        if (text[i] == '\\' && quoted && text[i + 1] != '\0') {
            i++;
        } else if (text[i] == '"' && !comment) {
            quoted = !quoted;
        } else if (text[i] == ' ' && !quoted && (i <= room || best == 0)) {
            best = i;
            comma = !comment && i != 0 && text[i - 1] == ',' && i <= room ? i : comma;
        }
    }
    return i <= room || best == 0 ? i : comma != 0 ? comma : best;
}

/* Where the lines below begin: behind the innermost parenthesis that is open. */
typedef struct open_parentheses {
    int columns[32];
    int depth;
} open_parentheses;

static void follow(open_parentheses *open, const char *text, size_t size, int column)
{
    bool quoted = false;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\' && quoted)
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (text[i] == '(' && !quoted && open->depth < 32)
            open->columns[open->depth++] = column + (int)i + 1;
        else if (text[i] == ')' && !quoted && open->depth > 0)
            open->depth--;
    }
}

static void put_line(weir_buffer *out, int indent, const char *text)
{
    enum { RIGHTMOST = 60 };
    bool comment = strncmp(text, "/*", 2) == 0;
    open_parentheses open = {0};
    int column = indent;

    for (;;) {
        size_t size = break_at(text, (size_t)(EMIT_COLUMNS - column), comment);
        weir_buffer_printf(out, "%*s%.*s\n", column, "", (int)size, text);
        if (text[size] == '\0')
            return;
        if (!comment)
            follow(&open, text, size, column);
        column = indent + (comment ? 3 : 4);
        text += size + 1;
        int deep = open.depth != 0 ? open.columns[open.depth - 1] : RIGHTMOST + 1;
        if (deep <= RIGHTMOST && (size_t)deep + strcspn(text, " ") <= EMIT_COLUMNS)
            column = deep;
    }
}

void emit_line(weir_buffer *out, int indent, const char *format, ...)
{
    weir_buffer text = {0};
    va_list args;

    va_start(args, format);
    weir_buffer_vprintf(&text, format, args);
    va_end(args);
    if (text.failed)
        out->failed = true;
    else
        put_line(out, indent, text.data);
    weir_buffer_free(&text);
}

void emit_blank(weir_buffer *out)
{
    weir_buffer_text(out, "\n");
}

/* The text of a comment may not end it, nor break the line. */
static void put_sanitised(weir_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool closes = text[0] == '*' && text[1] == '/', opens = text[0] == '/' && text[1] == '*';
        bool trigraph = text[0] == '?' && text[1] == '/'; /* `??/` may join two lines */
        unsigned char c = (unsigned char)*text;
        weir_buffer_append(out, c < 0x20 || c == 0x7f ? " " : text, 1);
        if (closes || opens || trigraph)
            weir_buffer_text(out, " ");
    }
}

void emit_comment(weir_buffer *out, int indent, const char *doc, weir_place where)
{
    weir_buffer text = {0};

    weir_buffer_text(&text, "/* ");
    if (doc != NULL) {
        put_sanitised(&text, doc);
        weir_buffer_text(&text, " ");
    }
    if (where.file != NULL) {
        const char *slash = strrchr(where.file, '/');
        put_sanitised(&text, slash != NULL ? slash + 1 : where.file);
        weir_buffer_printf(&text, ":%u ", where.line);
    }
    weir_buffer_text(&text, "*/");
    if (text.failed)
        out->failed = true;
    else
        emit_line(out, indent, "%s", text.data);
    weir_buffer_free(&text);
}

void emit_literal(weir_buffer *out, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    weir_buffer_text(out, "\"");
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0x20 || bytes[i] >= 0x7f || bytes[i] == '?') {
            weir_buffer_printf(out, "\\%03o", bytes[i]);
            continue;
        }
        if (bytes[i] == '"' || bytes[i] == '\\')
            weir_buffer_text(out, "\\");
        weir_buffer_append(out, &bytes[i], 1);
    }
    weir_buffer_text(out, "\"");
}
