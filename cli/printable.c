/* SPDX-License-Identifier: Apache-2.0 */
/* printable.c - what others have written, such as a command's last words, cannot steer the terminal
 * of whoever reads it: control characters are shown as \x1b, but for the tab and the line's end. */
#include <string.h>

#include "cli/cli.h"
#include "core/buffer.h"

/* Bytes of a control character of UTF-8; 0: it is none. */
static size_t control_at(const unsigned char *at)
{
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
        return 2;
    return (at[0] < 0x20 && at[0] != '\t' && at[0] != '\n') || at[0] == 0x7f;
}

char *cli_printable(const char *text)
{
    weir_buffer out = {0};
    size_t size;

    for (const unsigned char *at = (const void *)text; *at != '\0'; at += size != 0 ? size : 1)
        if ((size = control_at(at)) != 0)
            weir_buffer_printf(&out, "\\x%02x", at[size - 1]);
        else
            weir_buffer_append(&out, at, 1);
    if (!out.failed)
        return out.data != NULL ? out.data : weir_strdup("");
    weir_buffer_free(&out);
    return NULL;
}

void cli_make_printable(json_t *value)
{
    const char *key;
    json_t *one;
    size_t i;

    if (json_is_string(value)) {
        char *text = cli_printable(json_string_value(value));
        json_string_set(value, text != NULL ? text : "");
        weir_free(text);
    }
    json_object_foreach(value, key, one) cli_make_printable(one);
    json_array_foreach(value, i, one) cli_make_printable(one);
}
