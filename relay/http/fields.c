#include "http/fields.h"

#include <curl/curl.h>
#include <string.h>

enum { MICROSECONDS = 1000000, SECONDS_MAX = 366 * 24 * 3600 };

/* Seconds, as many as make sense; -1 where it is no number. */
static int64_t read_seconds(struct slice text)
{
    unsigned long long seconds;
    struct slice digits = slice_trim(text);
    if (slice_to_u64(digits, &seconds))
        return seconds < SECONDS_MAX ? (int64_t)seconds : SECONDS_MAX;
    for (size_t i = 0; i < digits.len; i++)
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return -1;
    return digits.len > 0 ? SECONDS_MAX : -1; /* more digits than fit */
}

int64_t http_date_us(struct slice value)
{
    char text[64];
    if (value.len == 0 || value.len >= sizeof text)
        return -1;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    time_t date = curl_getdate(text, NULL);
    return date < 0 ? -1 : (int64_t)date * MICROSECONDS;
}

int64_t http_retry_after_us(struct slice value, int64_t now_us)
{
    int64_t seconds = read_seconds(value), date_us = http_date_us(value);
    if (seconds >= 0)
        return seconds * MICROSECONDS;
    if (date_us < 0)
        return -1;
    int64_t wait_us = date_us - now_us;
    if (wait_us > (int64_t)SECONDS_MAX * MICROSECONDS)
        return (int64_t)SECONDS_MAX * MICROSECONDS;
    return wait_us > 0 ? wait_us : 0;
}

int64_t http_max_age_us(struct slice cache_control, struct slice age)
{
    struct slice rest = cache_control, part;
    int64_t fresh = -1;
    while (slice_next_part(&rest, ',', &part)) {
        part = slice_trim(part);
        if (slice_ieq_cstr(part, "no-store") || slice_ieq_cstr(part, "no-cache"))
            return 0;
        if (slice_istarts_with(part, "max-age=")) {
            part = slice_sub(part, strlen("max-age="), part.len);
            if (part.len >= 2 && part.ptr[0] == '"')
                part = slice_sub(part, 1, part.len - 1);
            fresh = read_seconds(part);
        }
    }
    int64_t old = read_seconds(age);
    if (fresh >= 0 && old > 0)
        fresh = fresh > old ? fresh - old : 0;
    return fresh >= 0 ? fresh * MICROSECONDS : -1;
}
