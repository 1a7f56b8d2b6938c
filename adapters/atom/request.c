/* Addresses, and the secret that goes with them. */
#include "adapters/atom/source.h"

struct slice atom_look_url(const struct atom_source *source, struct arena *arena,
                           enum atom_look look)
{
    struct slice url = source->url;
    char since[CLOCK_TEXT_MAX];
    if (source->bbox.len)
        url = hub_access_put(arena, url, SLICE("bbox"), source->bbox);
    if (source->lang.len)
        url = hub_access_put(arena, url, SLICE("lang"), source->lang);
    for (size_t i = 0; i < source->parameters.count; i++) {
        struct slice name = {0}, value = source->parameters.items[i];
        slice_next_part(&value, '=', &name);
        url = hub_access_put(arena, url, name, value);
    }
    if (look == ATOM_LOOK_SINCE)
        url = hub_access_put(arena, url, SLICE("dtsince"),
                             slice_from_cstr(clock_format_s(source->since_us / 1000000, since)));
    return url;
}

bool atom_may_fetch(const struct atom_source *source, struct slice url)
{
    return source->fetch_from.count ? fetch_from_has(source->fetch_from, url)
                                    : hub_access_is_own(&source->access, url);
}

struct http_request *atom_ask(const struct atom_source *source, struct http_call *call, http_fn fn,
                              void *context)
{
    struct arena *arena = arena_create();
    const char *headers[2] = {"Accept: application/atom+xml, application/cap+xml, "
                              "application/common-alerting-protocol+xml, application/xml;q=0.5"};
    call->headers = headers;
    call->header_count = 1;
    hub_access_add(&source->access, arena, call, headers);
    struct http_request *request = http_send(source->client, call, fn, context);
    arena_destroy(arena);
    return request;
}
