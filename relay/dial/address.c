#include "dial/dial.h"

#include <string.h>

static bool split(struct slice text, struct slice *host, struct slice *port)
{
    if (text.len > 0 && text.ptr[0] == '[') {
        ptrdiff_t close = slice_find(text, "]:");
        if (close < 0)
            return false;
        *host = slice_sub(text, 1, (size_t)close);
        *port = slice_sub(text, (size_t)close + 2, text.len);
        return true;
    }
    ptrdiff_t colon = slice_find(text, ":");
    if (colon < 0)
        return false;
    *host = slice_sub(text, 0, (size_t)colon);
    *port = slice_sub(text, (size_t)colon + 1, text.len);
    return slice_find(*port, ":") < 0;
}

enum err_code dial_address_parse(struct slice text, struct dial_address *out, struct err *err)
{
    struct slice host, port;
    unsigned long long number;
    if (!split(text, &host, &port) || host.len == 0 || !slice_to_u64(port, &number) ||
        number == 0 || number > 65535)
        return err_set(err, ERR_INVALID,
                       "'%.*s' is no address; right would be HOST:PORT or [IPV6]:PORT",
                       SLICE_ARG(text));
    if (host.len >= sizeof out->host)
        return err_set(err, ERR_INVALID, "the host name is longer than %d characters",
                       DIAL_HOST_MAX - 1);
    memcpy(out->host, host.ptr, host.len);
    out->host[host.len] = '\0';
    out->port = (uint16_t)number;
    return OK;
}
