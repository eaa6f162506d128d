/* SPDX-License-Identifier: Apache-2.0 */
/* body.c - the body of a function, written aside. */
#include "codegen/emit/body.h"

#include <ctype.h>
#include <string.h>

void body_begin(function_body *body, emitter *e)
{
    *body = (function_body){.e = e, .out = e->out};
    weir_buffer_text(&body->text, "");
    e->out = &body->text;
}

void body_end(function_body *body)
{
    body->e->out = body->out;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The end of the comment, the text, the word or the character that begins at `at`. */
static const char *skip(const char *at)
{
    const char *end = at + 1;

    if (at[0] == '/' && at[1] == '*') {
        end = strstr(at + 2, "*/");
        return end != NULL ? end + 2 : at + strlen(at);
    }
    if (*at == '"') {
        while (*end != '\0' && *end != '"')
            end += *end == '\\' && end[1] != '\0' ? 2 : 1;
        return *end == '"' ? end + 1 : end;
    }
    while (is_word(*at) && is_word(*end))
        end++;
    return end;
}

/* `value.word`, `value->word` */
static bool is_member(const char *text, const char *at)
{
    return (at - text >= 1 && at[-1] == '.') || (at - text >= 2 && at[-2] == '-' && at[-1] == '>');
}

bool body_names(const function_body *body, const char *word)
{
    const char *text = body->text.failed ? "" : body->text.data;
    size_t size = strlen(word);

    for (const char *at = text; *at != '\0';) {
        const char *end = skip(at);
        bool same = (size_t)(end - at) == size && memcmp(at, word, size) == 0;
        if (same && !is_member(text, at))
            return true;
        at = end;
    }
    return false;
}

void body_unused(const function_body *body, const char *name)
{
    if (!body_names(body, name))
        EMIT(body->e, 4, "(void)%s;", name);
}

static bool window_input(const function_body *body, const graph_input *input, bool items)
{
    emitter *e = body->e;
    const char *count = weir_arena_printf(&e->arena, "%s_count", input->name);
    bool counted = count != NULL && body_names(body, count);

    e->out->failed |= count == NULL;
    if (!items && !counted)
        return false;
    EMIT(e, 4, "const weir_window *%s_window = inputs[%zu];", input->name, input->index);
    if (items)
        EMIT(e, 4, "const %s *%s = %s_window != NULL ? %s_window->items : NULL;",
             emit_type(e->model, input->type).text, input->name, input->name, input->name);
    if (counted)
        EMIT(e, 4, "size_t %s = %s_window != NULL ? %s_window->count : 0;", count, input->name,
             input->name);
    return true;
}

bool body_input(const function_body *body, const graph_input *input)
{
    emitter *e = body->e;
    bool named = body_names(body, input->name);

    if (input->window)
        return window_input(body, input, named);
    if (named)
        EMIT(e, 4, "const %s *%s = inputs[%zu];", emit_type(e->model, input->type).text,
             input->name, input->index);
    return named;
}

void body_declared(const function_body *body, bool others)
{
    emitter *e = body->e;
    bool params = body_names(body, "params");

    if (params)
        EMIT(e, 4, "const %s_params *params = firing->params;", e->module.text);
    if (params || others)
        emit_blank(e->out);
    if (!params)
        body_unused(body, "firing");
}

void body_put(function_body *body)
{
    if (body->text.failed)
        body->out->failed = true;
    else
        weir_buffer_text(body->out, body->text.data);
    weir_buffer_free(&body->text);
}
