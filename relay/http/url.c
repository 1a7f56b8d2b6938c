#include "http/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

/* As libcurl reads it; NULL where it is no http or https URL with a host. */
static CURLU *read_url(const char *base, const char *reference, const char **wrong)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, base, 0);
    if (code == CURLUE_OK && reference)
        code = curl_url_set(url, CURLUPART_URL, reference, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    *wrong = code == CURLUE_OK ? NULL : curl_url_strerror(code);
    if (scheme && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        *wrong = "the scheme is neither http nor https";
    curl_free(scheme);
    if (!*wrong)
        return url;
    curl_url_cleanup(url);
    return NULL;
}

/* libcurl lets blanks and control characters in some places pass. */
static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return false;
    return text.len > 0;
}

enum err_code http_url_check(struct slice url, struct err *err)
{
    const char *wrong = NULL;
    struct arena *arena = arena_create();
    CURLU *parsed = is_printable(url) ? read_url(arena_cstr(arena, url), NULL, &wrong) : NULL;
    arena_destroy(arena);
    if (!parsed)
        return err_set(err, ERR_INVALID, "not a URL: %s; wanted is https://HOST/...",
                       wrong ? wrong : "it is empty or holds a blank");
    curl_url_cleanup(parsed);
    return OK;
}

enum err_code http_check_url(const void *value, struct err *err)
{
    return http_url_check(*(const struct slice *)value, err);
}

enum err_code http_check_base_url(const void *value, struct err *err)
{
    struct slice url = *(const struct slice *)value;
    enum err_code code = http_url_check(url, err);
    if (code == OK && (slice_ends_with(url, "/") || slice_find(url, "?") >= 0))
        code = err_set(err, ERR_INVALID, "leave out the slash at the end and any query");
    return code;
}

/* The URL in that handle, copied; takes the handle. */
static struct slice take_text(struct arena *arena, CURLU *url)
{
    char *text = NULL;
    struct slice out = {0};
    if (url && curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
        out = arena_copy(arena, slice_from_cstr(text));
    curl_free(text);
    curl_url_cleanup(url);
    return out;
}

struct slice http_url_join(struct arena *arena, struct slice base, struct slice reference)
{
    const char *wrong;
    reference = slice_trim(reference);
    if (!is_printable(base) || !is_printable(reference))
        return (struct slice){0};
    return take_text(arena,
                     read_url(arena_cstr(arena, base), arena_cstr(arena, reference), &wrong));
}

struct slice http_url_shown(struct arena *arena, struct slice url)
{
    const char *wrong;
    static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    CURLU *parsed = is_printable(url) ? read_url(arena_cstr(arena, url), NULL, &wrong) : NULL;
    for (size_t i = 0; parsed && i < sizeof secret / sizeof *secret; i++)
        curl_url_set(parsed, secret[i], NULL, 0);
    struct slice shown = take_text(arena, parsed);
    return shown.ptr ? shown : SLICE("(not a URL)");
}

struct http_url_line http_url_line(struct slice url)
{
    struct http_url_line line;
    struct arena *arena = arena_create();
    snprintf(line.text, sizeof line.text, "%s", http_url_shown(arena, url).ptr);
    arena_destroy(arena);
    return line;
}

struct slice http_url_escape(struct arena *arena, struct slice value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, 3 * value.len + 1), *end = out;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            (c && strchr("-._~", c))) {
            *end++ = (char)c;
        } else {
            *end++ = '%';
            *end++ = hex[c >> 4];
            *end++ = hex[c & 15];
        }
    }
    *end = '\0';
    return slice_of(out, (size_t)(end - out));
}
