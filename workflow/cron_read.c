/* SPDX-License-Identifier: Apache-2.0 */
/* cron_read.c - the text of a schedule. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "workflow/cron.h"

enum { LONGEST = 255 }; /* bytes of an expression */

typedef enum field_kind { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS } field_kind;

static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC",
                  weekdays[] = "SUNMONTUEWEDTHUFRISAT";

static const struct {
    const char *name;
    int least, most; /* of a value; `most` of a weekday is where `5/2` ends */
    int highest;     /* what may be written */
    const char *names;
} fields[FIELDS] = {
    [SECOND] = {"second", 0, 59, 59, NULL}, [MINUTE] = {"minute", 0, 59, 59, NULL},
    [HOUR] = {"hour", 0, 23, 23, NULL},     [DAY] = {"day of month", 1, 31, 31, NULL},
    [MONTH] = {"month", 1, 12, 12, months}, [WEEKDAY] = {"day of week", 0, 6, 7, weekdays},
};

static const struct {
    const char *word, *meaning;
} words[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* One item of a field, between commas. */
typedef struct item {
    const char *text; /* the whole of it */
    const char *at;   /* what is left of it */
    field_kind kind;
    weir_cron *cron;
    weir_error **error;
} item;

static weir_status refuse(const item *it, const char *why)
{
    return weir_error_set(it->error, WEIR_INVALID, "cron: %s '%s': %s", fields[it->kind].name,
                          it->text, why);
}

static weir_status refuse_range(const item *it)
{
    char why[96];

    snprintf(why, sizeof why, "a value is %d to %d%s", fields[it->kind].least,
             fields[it->kind].highest,
             fields[it->kind].names == months     ? ", or JAN to DEC"
             : fields[it->kind].names == weekdays ? ", or SUN to SAT"
                                                  : "");
    return refuse(it, why);
}

static bool take(item *it, char wanted)
{
    if (toupper((unsigned char)*it->at) != wanted)
        return false;
    it->at++;
    return true;
}

static bool take_number(item *it, int *ret)
{
    const char *begin = it->at;

    for (*ret = 0; isdigit((unsigned char)*it->at) && *ret < 10000; it->at++)
        *ret = *ret * 10 + (*it->at - '0');
    return it->at != begin;
}

static bool take_value(item *it, int *ret)
{
    const char *names = fields[it->kind].names;

    for (int i = 0; names != NULL && names[i] != '\0'; i += 3)
        if (strncasecmp(it->at, names + i, 3) == 0) {
            it->at += 3;
            *ret = i / 3 + fields[it->kind].least;
            return true;
        }
    return take_number(it, ret) && *ret >= fields[it->kind].least &&
           *ret <= fields[it->kind].highest;
}

static void set_bit(const item *it, int value)
{
    switch (it->kind) {
    case SECOND:
        it->cron->seconds |= 1ull << value;
        break;
    case MINUTE:
        it->cron->minutes |= 1ull << value;
        break;
    case HOUR:
        it->cron->hours |= 1u << value;
        break;
    case DAY:
        it->cron->days |= 1u << value;
        break;
    case MONTH:
        it->cron->months |= 1u << value;
        break;
    case WEEKDAY:
        it->cron->weekdays |= 1u << value % 7;
        break;
    case FIELDS:
    default:
        break;
    }
}

/* --- L, W and # --- */

/* "L", "L-3", "LW" of the day of month. */
static weir_status read_last(item *it)
{
    int before = 0;

    if (take(it, 'W')) {
        it->cron->last_workday = true;
    } else {
        if (take(it, '-') && (!take_number(it, &before) || before < 1 || before > 30))
            return refuse(it, "L-1 to L-30 count back from the last day");
        it->cron->before_last |= 1u << before;
    }
    return *it->at == '\0' ? WEIR_OK : refuse(it, "nothing goes behind L, LW or L-3");
}

/* Behind a day of week: "5L", "MON#2". */
static weir_status read_nth(item *it, int weekday)
{
    int nth = 0;

    if (!take(it, 'L') && (!take(it, '#') || !take_number(it, &nth) || nth < 1 || nth > 5))
        return refuse(it, "behind # goes 1 to 5");
    it->cron->nth[weekday % 7] |= (uint8_t)(1u << nth);
    return *it->at == '\0' ? WEIR_OK : refuse(it, "nothing goes behind L or #2");
}

/* --- Items --- */

/* `first` to `last` by the step that may follow. */
static weir_status read_step(item *it, int first, int last, bool single)
{
    int step = 1;

    if (take(it, '/')) {
        if (!take_number(it, &step) || step < 1)
            return refuse(it, "a step is a number from 1 on");
        if (step > fields[it->kind].highest)
            return refuse(it, "the step is beyond the field");
        first = single && first > fields[it->kind].most ? 0 : first; /* 7: Sunday */
        last = single ? fields[it->kind].most : last;
        it->cron->every = it->cron->every || it->kind <= HOUR;
    }
    if (*it->at != '\0')
        return refuse(it, "it is not a value, a range, a list or a step");
    for (int value = first; value <= last; value += step)
        set_bit(it, value);
    return WEIR_OK;
}

/* Behind a value: a range, or the step that may follow. */
static weir_status read_range(item *it, int first)
{
    int last;

    if (!take(it, '-'))
        return read_step(it, first, first, true);
    if (!take_value(it, &last))
        return refuse_range(it);
    if (last < first)
        return refuse(it, "the range runs backwards; write it as a list of two ranges");
    return read_step(it, first, last, false);
}

static weir_status read_day(item *it, int day)
{
    if (!take(it, 'W'))
        return read_range(it, day);
    it->cron->nearest |= 1u << day;
    return *it->at == '\0' ? WEIR_OK : refuse(it, "nothing goes behind W");
}

static weir_status read_weekday(item *it, int weekday)
{
    if (*it->at == '#' || toupper((unsigned char)*it->at) == 'L')
        return read_nth(it, weekday);
    return read_range(it, weekday);
}

static weir_status read_item(item *it)
{
    int first;

    if (take(it, '*')) {
        it->cron->every = it->cron->every || it->kind <= HOUR;
        return read_step(it, fields[it->kind].least, fields[it->kind].most, false);
    }
    if (take(it, '?'))
        return refuse(it, "write *");
    if (it->kind == DAY && take(it, 'L'))
        return read_last(it);
    if (it->kind == WEEKDAY && toupper((unsigned char)*it->at) == 'L')
        return refuse(it, "of which day? 5L or FRIL is the last Friday");
    if (!take_value(it, &first))
        return refuse_range(it);
    return it->kind == DAY       ? read_day(it, first)
           : it->kind == WEEKDAY ? read_weekday(it, first)
                                 : read_range(it, first);
}

/* Cuts the field up at its commas. */
static weir_status read_field(char *text, field_kind kind, weir_cron *cron, weir_error **error)
{
    weir_status status = WEIR_OK;

    cron->any_day = cron->any_day || (kind == DAY && *text == '*');
    cron->any_weekday = cron->any_weekday || (kind == WEEKDAY && *text == '*');
    for (char *next = text; status == WEIR_OK && next != NULL;) {
        char *comma = strchr(next, ',');
        if (comma != NULL)
            *comma = '\0';
        item one = {.text = next, .at = next, .kind = kind, .cron = cron, .error = error};
        status = read_item(&one);
        next = comma != NULL ? comma + 1 : NULL;
    }
    return status;
}

/* --- The whole --- */

static weir_status find_word(const char *text, const char **ret, weir_error **error)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i].word) == 0) {
            *ret = words[i].meaning;
            return WEIR_OK;
        }
    return weir_error_set(error, WEIR_INVALID,
                          "cron: there is no '%.64s'; there are @yearly, @annually, @monthly, "
                          "@weekly, @daily, @midnight and @hourly",
                          text);
}

/* Cuts the text up at its blanks; returns how many fields there are, FIELDS + 1 for more. */
static int cut(char *text, char **parts)
{
    int count = 0;
    char *rest = NULL;

    for (char *part = strtok_r(text, " \t\n", &rest); part != NULL && count <= FIELDS;
         part = strtok_r(NULL, " \t\n", &rest)) {
        if (count < FIELDS)
            parts[count] = part;
        count++;
    }
    return count;
}

weir_status weir_cron_read(const char *text, weir_cron *ret, weir_error **error)
{
    char copy[LONGEST + 1], *parts[FIELDS];
    weir_status status = WEIR_OK;

    text += strspn(text, " \t\n");
    if (*text == '@' && find_word(text, &text, error) != WEIR_OK)
        return WEIR_INVALID;
    if (strlen(text) > LONGEST)
        return weir_error_set(error, WEIR_INVALID, "cron: an expression has at most %d bytes",
                              LONGEST);
    strcpy(copy, text);
    int count = cut(copy, parts);
    if (count != FIELDS && count != FIELDS - 1)
        return weir_error_set(error, WEIR_INVALID,
                              "cron: '%s' has %d field%s%s; there are five (minute, hour, day of "
                              "month, month, day of week), or six with the second before them",
                              text, count, count == 1 ? "" : "s", count > FIELDS ? " or more" : "");
    *ret = (weir_cron){.seconds = count == FIELDS ? 0 : 1};
    for (int i = 0; i < count && status == WEIR_OK; i++)
        status = read_field(parts[i], (field_kind)(i + FIELDS - count), ret, error);
    if (status == WEIR_OK && !weir_cron_has_day(ret))
        return weir_error_set(error, WEIR_INVALID, "cron: no day of any year matches '%s'", text);
    return status;
}
