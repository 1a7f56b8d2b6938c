/* Checks of single values. */
#include "conf/relay_rows.h"

#include "base/clock.h"

bool conf_is_hex_key(struct slice text)
{
    uint8_t key[32];
    return hex_decode(text, key, sizeof key);
}

bool conf_day(struct slice text, int64_t *from_s)
{
    unsigned long long part[3];
    int year, month, day;
    bool good = text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-' &&
                slice_to_u64(slice_sub(text, 0, 4), &part[0]) &&
                slice_to_u64(slice_sub(text, 5, 7), &part[1]) &&
                slice_to_u64(slice_sub(text, 8, 10), &part[2]) && part[0] >= 1 && part[1] >= 1 &&
                part[1] <= 12 && part[2] >= 1;
    if (!good)
        return false;
    int64_t days = clock_days_from_civil((int)part[0], (int)part[1], (int)part[2]);
    /* There is no 30 February: it would be a day in March. */
    clock_civil_from_days(days, &year, &month, &day);
    *from_s = days * 86400;
    return month == (int)part[1] && day == (int)part[2];
}

/* Digits of Z85 in the order of their values. */
static const char z85_digits[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

static bool z85_group(const char *text, uint8_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < 5; i++) {
        const char *digit = text[i] ? strchr(z85_digits, text[i]) : NULL;
        if (!digit)
            return false;
        value = value * 85 + (uint64_t)(digit - z85_digits);
    }
    if (value > UINT32_MAX)
        return false;
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    return true;
}

bool conf_curve_key(struct slice text, uint8_t *out)
{
    if (hex_decode(text, out, 32))
        return true;
    if (text.len != 40)
        return false;
    for (int group = 0; group < 8; group++)
        if (!z85_group(text.ptr + 5 * group, out + 4 * group))
            return false;
    return true;
}

/* Four decimal numbers up to 255, the first of them 127: a name such as 127.example.org is none. */
static bool is_loopback_v4(struct slice host)
{
    struct slice part;
    int parts = 0;
    for (; slice_next_part(&host, '.', &part); parts++) {
        unsigned long long value = 0;
        if (part.len > 3 || !slice_to_u64(part, &value) || value > 255)
            return false;
        if (parts == 0 && value != 127)
            return false;
    }
    return parts == 4;
}

bool conf_endpoint_is_local(struct slice endpoint)
{
    if (slice_starts_with(endpoint, "ipc://") || slice_starts_with(endpoint, "inproc://"))
        return true;
    if (!slice_starts_with(endpoint, "tcp://"))
        return false;
    struct slice rest = slice_sub(endpoint, strlen("tcp://"), endpoint.len);
    if (slice_starts_with(rest, "[::1]:"))
        return true;
    ptrdiff_t colon = slice_find(rest, ":");
    return colon > 0 && is_loopback_v4(slice_sub(rest, 0, (size_t)colon));
}
