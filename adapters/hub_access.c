#include "adapters/hub_access.h"

#include <string.h>

const struct conf_choice hub_secret_choices[] = {
    {"query", HUB_SECRET_QUERY}, {"header", HUB_SECRET_HEADER}, {NULL, 0}};

/* Over plain HTTP to another machine. */
static bool goes_in_clear(struct arena *arena, struct slice url)
{
    static const char *const own[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    struct slice server = http_url_join(arena, http_url_shown(arena, url), SLICE("/"));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        size_t len = strlen(own[i]);
        if (slice_starts_with(server, own[i]) && strchr(":/", server.ptr[len]))
            return false;
    }
    return slice_starts_with(server, "http:");
}

enum err_code hub_access_init(struct hub_access *access, struct arena *arena, struct slice url,
                              struct slice secret_file, enum hub_secret_in in, struct err *err)
{
    *access = (struct hub_access){.in = in};
    if (http_url_check(url, err) != OK)
        return err_wrap(err, "url");
    if (slice_ifind(url, "secret=") >= 0)
        return err_set(err, ERR_INVALID, "url: the secret belongs into secret_file");
    if (secret_file.ptr && goes_in_clear(arena, url))
        return err_set(err, ERR_INVALID,
                       "url: https, or the access code goes over the network in clear");
    if (secret_file.ptr && conf_secret_read(secret_file, 1, access->secret, err) != OK)
        return err_wrap(err, "secret_file");
    access->server = http_url_join(arena, http_url_shown(arena, url), SLICE("/"));
    return OK;
}

void hub_access_fini(struct hub_access *access)
{
    explicit_bzero(access->secret, sizeof access->secret);
}

bool hub_access_is_own(const struct hub_access *access, struct slice url)
{
    return access->server.len && slice_starts_with(url, access->server.ptr);
}

struct slice hub_access_put(struct arena *arena, struct slice url, struct slice name,
                            struct slice value)
{
    struct slice escaped = http_url_escape(arena, value);
    return arena_printf(arena, "%.*s%s%.*s=%.*s", SLICE_ARG(url),
                        slice_find(url, "?") < 0 ? "?" : "&", SLICE_ARG(name), SLICE_ARG(escaped));
}

void hub_access_add(const struct hub_access *access, struct arena *arena, struct http_call *call,
                    const char **headers)
{
    struct slice url = slice_from_cstr(call->url);
    if (!access->secret[0] || !hub_access_is_own(access, url))
        return;
    if (access->in == HUB_SECRET_HEADER)
        headers[call->header_count++] =
            arena_printf(arena, "Authorization: MASAS-Secret %s", access->secret).ptr;
    else if (slice_find(url, "secret=") < 0)
        call->url =
            hub_access_put(arena, url, SLICE("secret"), slice_from_cstr(access->secret)).ptr;
}

void hub_access_blot(const struct hub_access *access, struct slice bytes)
{
    static const char name[] = "secret=";
    size_t at = 0, len = strlen(access->secret);
    ptrdiff_t found;
    while (len && (found = slice_find(slice_sub(bytes, at, bytes.len), name)) >= 0) {
        at += (size_t)found + strlen(name);
        if (bytes.len - at >= len && memcmp(bytes.ptr + at, access->secret, len) == 0)
            memset((char *)(uintptr_t)(bytes.ptr + at), '*', len);
    }
}
