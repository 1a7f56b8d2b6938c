#include "adapters/hub_access.h"

#include <stdio.h>
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

/* The length of one character of a secret as it may be written there: itself, %XX, %25XX, or a
 * reference of XML; 0: something else stands there. */
static size_t spelled(struct slice text, char c)
{
    static const char digits[] = "0123456789abcdef";
    static const struct {
        char of;
        const char *name;
    } entities[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
    const char hex[] = {digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15], '\0'};
    char number[8];
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (entities[i].of == c && slice_starts_with(text, entities[i].name))
            return strlen(entities[i].name);
    if (slice_starts_with(text, "%") && slice_istarts_with(slice_sub(text, 1, text.len), hex))
        return 3;
    /* In a URL within a URL. */
    if (slice_starts_with(text, "%25") && slice_istarts_with(slice_sub(text, 3, text.len), hex))
        return 5;
    if (slice_starts_with(text, "&#")) {
        snprintf(number, sizeof number, "&#%d;", c);
        if (slice_starts_with(text, number))
            return strlen(number);
        snprintf(number, sizeof number, "&#x%s;", hex);
        if (slice_istarts_with(text, number))
            return strlen(number);
    }
    return text.len > 0 && text.ptr[0] == c;
}

/* How much of the text the secret takes up at its front, written in whatever way; 0: it is not
 * there. */
static size_t secret_at(struct slice text, const char *secret)
{
    size_t len = 0, one = 1;
    for (; *secret && one; secret++)
        len += one = spelled(slice_sub(text, len, text.len), *secret);
    return one ? len : 0;
}

/* What stands between its name and itself: "=", "%3D", "> ", ": \"". 0: nothing of that. */
static size_t between(struct slice text)
{
    if (slice_istarts_with(text, "%3d"))
        return 3;
    if (slice_istarts_with(text, "%253d"))
        return 5;
    return text.len && text.ptr[0] && strchr("=:> \"'", text.ptr[0]);
}

/* Behind its name. */
static void blot_here(const char *secret, struct slice text)
{
    size_t len, step;
    while (!(len = secret_at(text, secret)) && (step = between(text)))
        text = slice_sub(text, step, text.len);
    if (len)
        memset((char *)(uintptr_t)text.ptr, '*', len);
}

void hub_access_blot(const struct hub_access *access, struct slice bytes)
{
    static const char name[] = "secret";
    ptrdiff_t found;
    while (access->secret[0] && (found = slice_ifind(bytes, name)) >= 0) {
        bytes = slice_sub(bytes, (size_t)found + strlen(name), bytes.len);
        blot_here(access->secret, bytes);
    }
}
