/* SPDX-License-Identifier: Apache-2.0 */
/* zone.c - zone files (RFC 8536): a list of changes, and rules for the years behind it. */
#include "workflow/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/calendar.h"
#include "workflow/zone_rules.h"

enum { LARGEST_FILE = 1 << 20, HEADER = 44, DAY = 86400 };

struct weir_zone {
    size_t count;     /* changes, in the order of time */
    int64_t *times;   /* of each */
    int32_t *offsets; /* from each on */
    int32_t first;    /* before the first */
    bool has_rules;
    weir_zone_rules rules; /* from the last on */
};

/* --- The file --- */

/* What one of the two blocks of a file counts. */
typedef struct counts {
    size_t utc, standard, leaps, changes, types, letters;
} counts;

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const unsigned char *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

static bool read_header(const unsigned char *at, size_t size, counts *ret)
{
    if (size < HEADER || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    *ret = (counts){read_u32(at + 20), read_u32(at + 24), read_u32(at + 28),
                    read_u32(at + 32), read_u32(at + 36), read_u32(at + 40)};
    return ret->changes < LARGEST_FILE && ret->types < 256 && ret->types != 0 &&
           ret->letters < LARGEST_FILE && ret->leaps < LARGEST_FILE && ret->utc < 256 &&
           ret->standard < 256;
}

static size_t block_size(const counts *c, size_t time_size)
{
    return c->changes * (time_size + 1) + c->types * 6 + c->letters + c->leaps * (time_size + 4) +
           c->standard + c->utc;
}

/* The last line: rules for all later years, or nothing. */
static bool read_rules(weir_zone *zone, const unsigned char *at, size_t size)
{
    char text[128];

    if (size < 2 || at[0] != '\n' || at[size - 1] != '\n' || size - 2 >= sizeof text)
        return false;
    memcpy(text, at + 1, size - 2);
    text[size - 2] = '\0';
    zone->has_rules = text[0] != '\0';
    return !zone->has_rules || weir_zone_rules_read(text, &zone->rules);
}

static bool read_changes(weir_zone *zone, const unsigned char *at, const counts *c)
{
    const unsigned char *indices = at + c->changes * 8, *types = indices + c->changes;

    zone->times = weir_alloc_array(c->changes, sizeof *zone->times);
    zone->offsets = weir_alloc_array(c->changes, sizeof *zone->offsets);
    if (zone->times == NULL || zone->offsets == NULL)
        return false;
    zone->first = (int32_t)read_u32(types);
    for (; zone->count < c->changes; zone->count++) {
        size_t i = zone->count;
        if (indices[i] >= c->types)
            return false;
        zone->times[i] = read_i64(at + i * 8);
        zone->offsets[i] = (int32_t)read_u32(types + indices[i] * (size_t)6);
        if (i != 0 && zone->times[i] <= zone->times[i - 1])
            return false;
    }
    return true;
}

/* The first block has 32 bits a time and is passed over. */
static bool read_blocks(weir_zone *zone, const unsigned char *data, size_t size)
{
    counts c;

    if (!read_header(data, size, &c) || size - HEADER < block_size(&c, 4))
        return false;
    size_t skip = HEADER + block_size(&c, 4);
    data += skip;
    size -= skip;
    if (!read_header(data, size, &c) || size - HEADER < block_size(&c, 8))
        return false;
    size_t all = HEADER + block_size(&c, 8);
    return read_changes(zone, data + HEADER, &c) && read_rules(zone, data + all, size - all);
}

static weir_status read_file(const char *path, unsigned char **ret, size_t *ret_size)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    weir_status status = fd < 0 ? WEIR_NOT_FOUND : WEIR_OK;

    if (status == WEIR_OK &&
        (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > LARGEST_FILE))
        status = WEIR_NOT_FOUND;
    if (status == WEIR_OK && (*ret = weir_alloc((size_t)about.st_size)) == NULL)
        status = WEIR_NOMEM;
    for (*ret_size = 0; status == WEIR_OK && *ret_size < (size_t)about.st_size;) {
        ssize_t count = read(fd, *ret + *ret_size, (size_t)about.st_size - *ret_size);
        if (count == 0 || (count < 0 && errno != EINTR))
            status = WEIR_IO;
        *ret_size += count > 0 ? (size_t)count : 0;
    }
    if (fd >= 0)
        close(fd);
    return status;
}

/* A name is letters and digits between slashes: no way out of the folder. */
static bool is_name(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL &&
           name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "_+-/")] == '\0';
}

weir_status weir_zone_open(const char *name, weir_zone **ret, weir_error **error)
{
    const char *folder = getenv("TZDIR");
    unsigned char *data = NULL;
    char path[512];
    size_t size = 0;

    snprintf(path, sizeof path, "%s/%.200s", folder != NULL ? folder : "/usr/share/zoneinfo", name);
    weir_status status = is_name(name) ? read_file(path, &data, &size) : WEIR_NOT_FOUND;
    weir_zone *zone = status == WEIR_OK ? weir_alloc(sizeof *zone) : NULL;
    if (status == WEIR_OK && zone == NULL)
        status = WEIR_NOMEM;
    if (status == WEIR_OK && !read_blocks(zone, data, size))
        status = WEIR_INVALID;
    weir_free(data);
    if (status == WEIR_OK) {
        *ret = zone;
        return WEIR_OK;
    }
    weir_zone_free(zone);
    if (status == WEIR_NOT_FOUND)
        return weir_error_set(error, status,
                              "there is no time zone '%.200s'; write a name of the IANA list, as "
                              "Europe/Berlin or UTC (are the zone files, tzdata, installed?)",
                              name);
    return weir_error_set(error, status,
                          status == WEIR_NOMEM ? "no memory for the time zone file %s"
                                               : "the time zone file %s cannot be read",
                          path);
}

void weir_zone_free(weir_zone *zone)
{
    if (zone == NULL)
        return;
    weir_free(zone->times);
    weir_free(zone->offsets);
    weir_free(zone);
}

/* --- Periods --- */

static int year_of(int64_t time)
{
    int year, month, day;

    weir_calendar_civil((int32_t)((time - (time % DAY + DAY) % DAY) / DAY), &year, &month, &day);
    return year;
}

/* By the rules, among the changes of the years around `time`. */
static weir_period period_of_rules(const weir_zone_rules *rules, int64_t time)
{
    weir_period period = {INT64_MIN, INT64_MAX, rules->standard};
    int this = year_of(time);

    for (int year = this - 1; rules->has_summer && year <= this + 1; year++) {
        const weir_period changes[] = {
            {weir_zone_summer_begins(rules, year), 0, rules->summer},
            {weir_zone_summer_ends(rules, year), 0, rules->standard},
        };
        bool swapped = changes[1].begin < changes[0].begin;
        for (int i = 0; i < 2; i++) {
            const weir_period *change = &changes[i ^ swapped];
            if (change->begin <= time && change->begin >= period.begin)
                period = (weir_period){change->begin, INT64_MAX, change->offset};
            else if (change->begin > time && change->begin < period.end)
                period.end = change->begin;
        }
    }
    return period;
}

/* The number of changes up to `time`. */
static size_t changes_until(const weir_zone *zone, int64_t time)
{
    size_t low = 0, high = zone->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

weir_period weir_zone_period(const weir_zone *zone, int64_t time)
{
    size_t passed = changes_until(zone, time);

    if (passed == zone->count && zone->has_rules) {
        weir_period period = period_of_rules(&zone->rules, time);
        if (zone->count != 0 && period.begin < zone->times[zone->count - 1])
            period.begin = zone->times[zone->count - 1];
        return period;
    }
    return (weir_period){
        passed != 0 ? zone->times[passed - 1] : INT64_MIN,
        passed < zone->count ? zone->times[passed] : INT64_MAX,
        passed != 0 ? zone->offsets[passed - 1] : zone->first,
    };
}

int64_t weir_zone_time_of(const weir_zone *zone, int64_t local)
{
    weir_period period = weir_zone_period(zone, local - 2 * (int64_t)DAY);

    /* Offsets stay within a day: the periods from two days before on are all that can hold it. */
    while (period.end != INT64_MAX && period.end + period.offset <= local) {
        int64_t change = period.end;
        period = weir_zone_period(zone, change);
        if (change + period.offset > local)
            return change;
    }
    return local - period.offset;
}
