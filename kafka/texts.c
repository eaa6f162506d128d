/* SPDX-License-Identifier: Apache-2.0 */
/* texts.c - `start`, `until` and `topic` as they are written. */
#include "kafka/texts.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "core/text.h"

enum { NAME_LIMIT = 249, PATTERN_LIMIT = 256 };

/* --- Where to begin and end --- */

static bool read_time(const char *text, int64_t *ret)
{
    bool range = false;

    return weir_calendar_read_time(text, strlen(text), ret, &range) && !range;
}

bool kafka_read_start(const char *text, kafka_start *ret)
{
    *ret = (kafka_start){.form = KAFKA_START_EARLIEST};
    if (strcmp(text, "earliest") == 0)
        return true;
    ret->form = KAFKA_START_LATEST;
    if (strcmp(text, "latest") == 0)
        return true;
    ret->form = KAFKA_START_OFFSET;
    if (strncmp(text, "offset ", 7) == 0)
        return weir_text_integer(text + 7, &ret->value) && ret->value >= 0;
    ret->form = KAFKA_START_BACK;
    if (text[0] == '-')
        return weir_text_duration(text + 1, &ret->value);
    ret->form = KAFKA_START_TIME;
    return read_time(text, &ret->value);
}

bool kafka_read_until(const char *text, int64_t *ret)
{
    *ret = INT64_MAX;
    return strcmp(text, "end") == 0 || read_time(text, ret);
}

bool kafka_is_start(const char *text)
{
    kafka_start start;

    return kafka_read_start(text, &start);
}

bool kafka_is_until(const char *text)
{
    int64_t until;

    return kafka_read_until(text, &until);
}

/* --- Topics --- */

bool kafka_is_topic(const char *text)
{
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strspn(text, all);

    return size >= 1 && size <= NAME_LIMIT && text[size] == '\0' && strcmp(text, ".") != 0 &&
           strcmp(text, "..") != 0;
}

/* Whole names match, whatever version of librdkafka looks at them. */
static bool read_pattern(const char **text, char *ret, size_t size)
{
    size_t length = strlen(*text);

    if (length < 2 || length > PATTERN_LIMIT)
        return false;
    snprintf(ret, size, "^(%s)$", *text + 1);
    *text += length;
    return true;
}

bool kafka_next_topic(const char **text, char *ret, size_t size)
{
    *text += strspn(*text, " ");
    if (**text == '^')
        return read_pattern(text, ret, size);
    size_t length = strcspn(*text, ","), kept = length;
    while (kept > 0 && (*text)[kept - 1] == ' ')
        kept--;
    if (kept >= size)
        return false;
    memcpy(ret, *text, kept);
    ret[kept] = '\0';
    *text += length;
    if (**text == ',' && *++*text == '\0')
        return false; /* a name is to come behind it */
    return kafka_is_topic(ret);
}

static bool compiles(const char *pattern)
{
    regex_t matcher;

    if (regcomp(&matcher, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    regfree(&matcher);
    return true;
}

bool kafka_is_topics(const char *text)
{
    char name[KAFKA_TOPIC_ROOM];
    bool first = true;

    do {
        if (!kafka_next_topic(&text, name, sizeof name))
            return false;
        if (name[0] == '^')
            return first && compiles(name);
        first = false;
    } while (*text != '\0');
    return true;
}

bool kafka_is_word(const char *text)
{
    return text[0] != '\0';
}
