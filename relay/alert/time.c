#include "alert/alert.h"
#include "base/clock.h"

#include <stdio.h>

enum { S_PER_MIN = 60, S_PER_DAY = 86400, OFFSET_MAX_MIN = 14 * 60 };

/* Takes `count` digits and, if not 0, the character behind them off the front. */
static bool take_number(struct slice *rest, size_t count, char behind, int *out)
{
    unsigned long long value;
    size_t len = count + (behind != '\0');
    if (rest->len < len || !slice_to_u64(slice_sub(*rest, 0, count), &value))
        return false;
    if (behind != '\0' && rest->ptr[count] != behind)
        return false;
    *rest = slice_sub(*rest, len, rest->len);
    *out = (int)value;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* YYYY-MM-DDThh:mm:ss; 24:00:00 is the end of the day, as in XML Schema. */
static bool take_civil(struct slice *rest, int64_t *seconds)
{
    int year, month, day, hour, minute, second;
    if (!take_number(rest, 4, '-', &year) || !take_number(rest, 2, '-', &month) ||
        !take_number(rest, 2, 'T', &day) || !take_number(rest, 2, ':', &hour) ||
        !take_number(rest, 2, ':', &minute) || !take_number(rest, 2, '\0', &second))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    bool end_of_day = hour == 24 && minute == 0 && second == 0;
    if ((hour > 23 && !end_of_day) || minute > 59 || second > 59)
        return false;
    *seconds =
        clock_days_from_civil(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second;
    return true;
}

static bool take_offset(struct slice *rest, int *offset_min)
{
    int hours, minutes;
    if (rest->len == 0 || (rest->ptr[0] != '+' && rest->ptr[0] != '-'))
        return false;
    int sign = rest->ptr[0] == '-' ? -1 : 1;
    *rest = slice_sub(*rest, 1, rest->len);
    if (!take_number(rest, 2, ':', &hours) || !take_number(rest, 2, '\0', &minutes))
        return false;
    *offset_min = sign * (hours * 60 + minutes);
    return minutes < 60 && hours * 60 + minutes <= OFFSET_MAX_MIN;
}

static void skip_fraction(struct slice *rest)
{
    if (rest->len < 2 || rest->ptr[0] != '.')
        return;
    size_t end = 1;
    while (end < rest->len && rest->ptr[end] >= '0' && rest->ptr[end] <= '9')
        end++;
    if (end > 1)
        *rest = slice_sub(*rest, end, rest->len);
}

static bool take_lenient_offset(struct slice *rest, int *offset_min)
{
    skip_fraction(rest);
    if (rest->len == 0)
        return true;
    if (slice_eq_cstr(*rest, "Z")) {
        *rest = slice_sub(*rest, 1, 1);
        return true;
    }
    return take_offset(rest, offset_min);
}

static struct cap_time parse(struct slice text, bool (*offset)(struct slice *, int *))
{
    struct cap_time time = {.text = slice_trim(text)};
    struct slice rest = time.text;
    int64_t local_s = 0;
    int offset_min = 0;
    if (!take_civil(&rest, &local_s) || !offset(&rest, &offset_min) || rest.len > 0)
        return time;
    time.utc_s = local_s - (int64_t)offset_min * S_PER_MIN;
    time.offset_min = offset_min;
    time.set = true;
    return time;
}

struct cap_time cap_time_parse(struct slice text)
{
    return parse(text, take_offset);
}

struct cap_time cap_time_parse_lenient(struct slice text)
{
    return parse(text, take_lenient_offset);
}

struct slice cap_time_format(int64_t utc_s, int offset_min, char out[CAP_TIME_TEXT_MAX])
{
    clock_format_s(utc_s + (int64_t)offset_min * S_PER_MIN, out);
    size_t len = strlen(out) - 1; /* without the Z */
    int minutes = offset_min < 0 ? -offset_min : offset_min;
    /* CAP writes UTC as -00:00 and does not allow Z. */
    char sign = offset_min > 0 ? '+' : '-';
    int more = snprintf(out + len, CAP_TIME_TEXT_MAX - len, "%c%02d:%02d", sign, minutes / 60,
                        minutes % 60);
    return slice_of(out, len + (size_t)more);
}

struct cap_time cap_time_make(struct arena *arena, int64_t utc_s, int offset_min)
{
    char text[CAP_TIME_TEXT_MAX];
    return (struct cap_time){
        .utc_s = utc_s,
        .offset_min = offset_min,
        .set = true,
        .text = arena_copy(arena, cap_time_format(utc_s, offset_min, text)),
    };
}
