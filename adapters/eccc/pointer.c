#include "adapters/eccc/pointer.h"

#include "http/http.h"

#include <jansson.h>
#include <string.h>

static struct slice json_text(struct arena *arena, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value)
               ? arena_copy(arena, slice_of(json_string_value(value), json_string_length(value)))
               : (struct slice){0};
}

/* retPath stands in for relPath where the file is kept under another name than it is announced by.
 */
static enum err_code read_v03(struct arena *arena, struct slice body, struct slice *base,
                              struct slice *path, struct err *err)
{
    json_error_t error;
    json_t *object = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        return err_set(err, ERR_INVALID, "not JSON: %s", error.text);
    *base = json_text(arena, object, "baseUrl");
    *path = json_text(arena, object, "retPath");
    if (slice_is_empty(*path))
        *path = json_text(arena, object, "relPath");
    json_decref(object);
    return slice_is_empty(*base) || slice_is_empty(*path)
               ? err_set(err, ERR_INVALID, "JSON without baseUrl or relPath")
               : OK;
}

static bool next_word(struct slice *rest, struct slice *word)
{
    *rest = slice_trim(*rest);
    size_t len = 0;
    while (len < rest->len && !strchr(" \t\r\n", rest->ptr[len]))
        len++;
    *word = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len, rest->len);
    return len > 0;
}

static enum err_code read_v02(struct slice body, struct slice *base, struct slice *path,
                              struct err *err)
{
    struct slice time;
    bool whole = next_word(&body, &time) && next_word(&body, base) && next_word(&body, path);
    return whole ? OK
                 : err_set(err, ERR_INVALID,
                           "neither \"TIME BASEURL RELPATH\" nor JSON with baseUrl and relPath");
}

/* A base URL may have a path; the relative path is below it, never above or elsewhere. */
static struct slice join(struct arena *arena, struct slice base, struct slice path)
{
    while (slice_ends_with(base, "/"))
        base.len--;
    while (path.len > 0 && path.ptr[0] == '/')
        path = slice_sub(path, 1, path.len);
    return arena_printf(arena, "%.*s/%.*s", SLICE_ARG(base), SLICE_ARG(path));
}

static bool climbs(struct slice path)
{
    return slice_find(path, "..") >= 0 || slice_find(path, "?") >= 0 || slice_find(path, "#") >= 0;
}

static struct slice last_part(struct slice path)
{
    size_t begin = path.len;
    while (begin > 0 && path.ptr[begin - 1] != '/')
        begin--;
    return slice_sub(path, begin, path.len);
}

static bool all_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

/* By the last two parts between underlines: the time and the number. */
static struct slice identifier_of(struct arena *arena, struct slice name)
{
    struct slice parts[8] = {{0}}, part;
    size_t count = 0;
    if (!slice_ends_with(name, ".cap"))
        return (struct slice){0};
    struct slice rest = slice_sub(name, 0, name.len - 4);
    while (count < 8 && slice_next_part(&rest, '_', &part))
        parts[count++] = part;
    if (count != 6 || parts[4].len != 12 || parts[5].len != 10 || !all_digits(parts[4]) ||
        !all_digits(parts[5]))
        return (struct slice){0};
    return arena_printf(arena, "urn:oid:2.49.0.1.124.%.*s.%.4s", SLICE_ARG(parts[5]), parts[4].ptr);
}

enum err_code pointer_read(struct arena *arena, struct slice body, struct pointer *out,
                           struct err *err)
{
    struct slice base, path;
    body = slice_trim(body);
    *out = (struct pointer){0};
    enum err_code code = body.len > 0 && body.ptr[0] == '{'
                             ? read_v03(arena, body, &base, &path, err)
                             : read_v02(body, &base, &path, err);
    if (code != OK)
        return code;
    if (climbs(path))
        return err_set(err, ERR_INVALID, "the path leaves its folder: %.*s",
                       (int)(path.len > 200 ? 200 : path.len), path.ptr);
    out->url = join(arena, base, path);
    if (http_url_check(out->url, err) != OK)
        return ERR_INVALID;
    out->name = arena_copy(arena, last_part(path));
    out->identifier = identifier_of(arena, out->name);
    return OK;
}
