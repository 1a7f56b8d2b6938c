/* Checks of single values. */
#include "conf/relay_rows.h"

#include "base/clock.h"
#include "conf/relay_conf.h"

#include <arpa/inet.h>

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

bool conf_fingerprint(struct slice text, uint8_t *out)
{
    char digits[64];
    if (text.len != 3 * 32 - 1)
        return hex_decode(text, out, 32);
    for (size_t i = 0; i < 32; i++) {
        memcpy(digits + 2 * i, text.ptr + 3 * i, 2);
        if (i < 31 && text.ptr[3 * i + 2] != ':')
            return false;
    }
    return hex_decode(slice_of(digits, sizeof digits), out, 32);
}

/* Takes "ADDRESS" or "[ADDRESS]" off the front of what stands before the last colon. */
static bool take_address(struct slice host, struct conf_http_listen *out)
{
    uint8_t address[16];
    out->ipv6 = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (out->ipv6)
        host = slice_sub(host, 1, host.len - 1);
    if (host.len >= sizeof out->address)
        return false;
    memcpy(out->address, host.ptr, host.len);
    out->address[host.len] = '\0';
    if (inet_pton(out->ipv6 ? AF_INET6 : AF_INET, out->address, address) != 1)
        return false;
    out->is_local = out->ipv6 ? slice_eq_cstr(host, "::1") : is_loopback_v4(host);
    return true;
}

bool conf_http_listen(struct slice text, struct conf_http_listen *out)
{
    static const char *const schemes[] = {"http://", "https://"};
    unsigned long long port = 0;
    *out = (struct conf_http_listen){.tls = slice_starts_with(text, schemes[1])};
    if (!slice_starts_with(text, schemes[out->tls]))
        return false;
    struct slice rest = slice_sub(text, strlen(schemes[out->tls]), text.len);
    size_t colon = rest.len;
    while (colon > 0 && rest.ptr[colon - 1] != ':')
        colon--;
    if (colon < 2 || !slice_to_u64(slice_sub(rest, colon, rest.len), &port) || port == 0 ||
        port > 65535)
        return false;
    out->port = (uint16_t)port;
    return take_address(slice_sub(rest, 0, colon - 1), out);
}
