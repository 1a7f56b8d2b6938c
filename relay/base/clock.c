#include "base/clock.h"

#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

enum { US_PER_S = 1000000, S_PER_DAY = 86400 };

static int64_t system_now_us(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static bool system_synchronised(void *context)
{
    (void)context;
    struct timex state = {.modes = 0};
    int result = adjtimex(&state);
    return result != -1 && result != TIME_ERROR && !(state.status & STA_UNSYNC);
}

const struct clock clock_system = {.now_us = system_now_us, .synchronised = system_synchronised};

int64_t clock_now_us(const struct clock *clock)
{
    return clock->now_us(clock->context);
}

bool clock_synchronised(const struct clock *clock)
{
    return clock->synchronised(clock->context);
}

static int64_t floor_div(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

/* Years count from March here, so that the leap day is the last of its year. */
int64_t clock_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void clock_civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static char *put_two(char *at, int value, char behind)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    at[2] = behind;
    return at + 3;
}

/* By hand, for every alert has a dozen times or more. */
static int format_to_second(int64_t instant_s, char *out)
{
    int64_t days = floor_div(instant_s, S_PER_DAY);
    int second = (int)(instant_s - days * S_PER_DAY);
    int year, month, day;
    clock_civil_from_days(days, &year, &month, &day);
    char *at = out;
    if (year < 1000 || year > 9999)
        at += snprintf(out, CLOCK_TEXT_MAX, "%04d-", year);
    else
        at = put_two(put_two(at, year / 100, '\0') - 1, year % 100, '-');
    at = put_two(at, month, '-');
    at = put_two(at, day, 'T');
    at = put_two(at, second / 3600, ':');
    at = put_two(at, second / 60 % 60, ':');
    at = put_two(at, second % 60, '\0');
    return (int)(at - out) - 1;
}

char *clock_format_us(int64_t instant_us, char *out)
{
    int64_t seconds = floor_div(instant_us, US_PER_S);
    int len = format_to_second(seconds, out);
    snprintf(out + len, (size_t)(CLOCK_TEXT_MAX - len), ".%06dZ",
             (int)(instant_us - seconds * US_PER_S));
    return out;
}

char *clock_format_s(int64_t instant_s, char *out)
{
    int len = format_to_second(instant_s, out);
    out[len] = 'Z';
    out[len + 1] = '\0';
    return out;
}
