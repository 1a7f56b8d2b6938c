#include "xmpp/stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool in_range(const struct tm *tm)
{
    return tm->tm_year >= 1970 && tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 &&
           tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour <= 23 && tm->tm_min >= 0 &&
           tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

/* "Z", "+00:00" or nothing (which is UTC too), behind fractions that nobody needs. */
static bool read_zone(const char *text, int *offset_s)
{
    char sign[2];
    unsigned hours, minutes;
    int end = 0;
    *offset_s = 0;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    if (strcmp(text, "Z") == 0 || *text == '\0')
        return true;
    if (sscanf(text, "%1[+-]%2u:%2u%n", sign, &hours, &minutes, &end) != 3 || text[end] != '\0' ||
        hours > 23 || minutes > 59)
        return false;
    *offset_s = (int)(hours * 60 + minutes) * 60 * (sign[0] == '-' ? -1 : 1);
    return true;
}

bool stamp_read(const char *text, int64_t *us)
{
    struct tm tm = {0};
    int end = 0, offset_s;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &end) != 6 &&
        sscanf(text, "%4d%2d%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &end) != 6)
        return false;
    if (!in_range(&tm) || !read_zone(text + end, &offset_s))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *us = ((int64_t)timegm(&tm) - offset_s) * 1000000;
    return true;
}

void stamp_write(int64_t us, char out[STAMP_TEXT])
{
    time_t seconds = us / 1000000;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(out, STAMP_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
