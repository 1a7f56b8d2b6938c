/* Addresses, and the secret that goes with them. */
#include "adapters/atom/source.h"

static struct slice put(struct arena *arena, struct slice url, struct slice name,
                        struct slice value)
{
    struct slice escaped = http_url_escape(arena, value);
    return arena_printf(arena, "%.*s%s%.*s=%.*s", SLICE_ARG(url),
                        slice_find(url, "?") < 0 ? "?" : "&", SLICE_ARG(name), SLICE_ARG(escaped));
}

struct slice atom_look_url(const struct atom_source *source, struct arena *arena,
                           enum atom_look look)
{
    struct slice url = source->url;
    char since[CLOCK_TEXT_MAX];
    if (source->bbox.len)
        url = put(arena, url, SLICE("bbox"), source->bbox);
    if (source->lang.len)
        url = put(arena, url, SLICE("lang"), source->lang);
    for (size_t i = 0; i < source->parameters.count; i++) {
        struct slice name = {0}, value = source->parameters.items[i];
        slice_next_part(&value, '=', &name);
        url = put(arena, url, name, value);
    }
    if (look == ATOM_LOOK_SINCE)
        url = put(arena, url, SLICE("dtsince"),
                  slice_from_cstr(clock_format_s(source->since_us / 1000000, since)));
    return url;
}

static bool begins(struct slice url, struct slice prefix)
{
    return prefix.len && url.len >= prefix.len && memcmp(url.ptr, prefix.ptr, prefix.len) == 0;
}

bool atom_may_fetch(const struct atom_source *source, struct slice url)
{
    for (size_t i = 0; i < source->fetch_from.count; i++)
        if (begins(url, source->fetch_from.items[i]))
            return true;
    return source->fetch_from.count == 0 && begins(url, source->server);
}

struct http_request *atom_ask(const struct atom_source *source, struct http_call *call, http_fn fn,
                              void *context)
{
    struct arena *arena = arena_create();
    struct slice url = slice_from_cstr(call->url);
    const char *headers[2] = {"Accept: application/atom+xml, application/cap+xml, "
                              "application/common-alerting-protocol+xml, application/xml;q=0.5"};
    bool known = source->secret[0] && begins(url, source->server);
    call->headers = headers;
    call->header_count = 1;
    if (known && source->secret_in == ATOM_SECRET_HEADER)
        headers[call->header_count++] =
            arena_printf(arena, "Authorization: MASAS-Secret %s", source->secret).ptr;
    else if (known && slice_find(url, "secret=") < 0)
        call->url = put(arena, url, SLICE("secret"), slice_from_cstr(source->secret)).ptr;
    struct http_request *request = http_send(source->client, call, fn, context);
    arena_destroy(arena);
    return request;
}

void atom_blot_secret(const struct atom_source *source, struct slice bytes)
{
    static const char name[] = "secret=";
    size_t at = 0, len = strlen(source->secret);
    ptrdiff_t found;
    while (len && (found = slice_find(slice_sub(bytes, at, bytes.len), name)) >= 0) {
        at += (size_t)found + strlen(name);
        if (bytes.len - at >= len && memcmp(bytes.ptr + at, source->secret, len) == 0)
            memset((char *)(uintptr_t)(bytes.ptr + at), '*', len);
    }
}
