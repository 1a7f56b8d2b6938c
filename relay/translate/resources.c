/*
 * Resources: described and linked; embedded content stays in the original, which travels with the
 * translation. What is said of the content (size, digest) is what is true of its bytes.
 */
#include "alert/resource.h"
#include "translate/generated.h"

enum { URI_CHARACTERS_MAX = 2083 }; /* IPAWS profile */

static const char *path_resource(struct work *work, size_t i, size_t j, const char *element)
{
    return arena_printf(work->arena, "alert/info[%zu]/resource[%zu]%s%s", i + 1, j + 1,
                        element ? "/" : "", element ? element : "")
        .ptr;
}

/* One resource on its way: where it is in the source, and where it comes to stand. */
struct passage {
    struct work *work;
    size_t info, from, to;
    const struct cap_resource *given;
    struct cap_resource *resource;
};

static const char *path_from(const struct passage *p, const char *element)
{
    return path_resource(p->work, p->info, p->from, element);
}

static void note(const struct passage *p, const char *code, const char *element, const char *text,
                 struct slice value)
{
    notes_add(p->work->notes, p->work->arena, code, path_from(p, element), "%s: %.*s.", text,
              SLICE_ARG(text_short(value, 200)));
}

static void trace(const struct passage *p, enum trace_kind kind, const char *element,
                  const char *rule)
{
    if (!p->work->trace)
        return;
    const char *from = kind == TRACE_ADDED ? "" : path_from(p, element);
    const char *to = kind == TRACE_DROPPED ? "" : path_resource(p->work, p->info, p->to, element);
    trace_add(p->work->trace, p->work->arena, kind, from, to, "rule: %s", rule);
}

static void drop(const struct passage *p, struct slice *element, const char *code, const char *name,
                 const char *why)
{
    note(p, code, name, why, *element);
    trace(p, TRACE_DROPPED, name, why);
    *element = (struct slice){0};
}

static void fill(const struct passage *p, struct slice *element, struct slice value,
                 const char *name)
{
    if (!slice_is_empty(*element))
        return;
    *element = value;
    note(p, NOTE_RESOURCE_FILLED, name, "Mandatory, and missing in the source", value);
    trace(p, TRACE_ADDED, name, "mandatory element");
}

static bool is_absolute(struct slice uri)
{
    ptrdiff_t colon = slice_find(uri, ":"), slash = slice_find(uri, "/");
    return colon > 0 && (slash < 0 || colon < slash);
}

static bool is_http(struct slice uri)
{
    return slice_istarts_with(uri, "http://") || slice_istarts_with(uri, "https://");
}

/* Content that the resource itself carries. */
static bool is_embedded(const struct cap_resource *given)
{
    return !slice_is_empty(given->deref_uri) || slice_istarts_with(given->uri, "data:");
}

/* Beside embedded content a relative uri is the content's name, and leads nowhere without it. */
static const char *why_no_link(const struct passage *p)
{
    struct slice uri = p->resource->uri;
    bool to_us = work_to_us(p->work);
    if (slice_istarts_with(uri, "data:"))
        return "Embedded content is in the original only";
    if (!is_absolute(uri) && (to_us || is_embedded(p->given)))
        return "A relative uri leads nowhere from here";
    if (to_us && is_absolute(uri) && !is_http(uri))
        return "The IPAWS profile takes http and https only";
    if (to_us && uri.len > URI_CHARACTERS_MAX)
        return "The IPAWS profile takes at most 2083 characters";
    return NULL;
}

static void translate_uri(const struct passage *p)
{
    struct slice before = p->resource->uri;
    if (slice_is_empty(before))
        return;
    uri_correct(p->work, &p->resource->uri, path_from(p, "uri"));
    if (slice_is_empty(p->resource->uri)) {
        trace(p, TRACE_DROPPED, "uri", "not a URI");
        return;
    }
    const char *why = why_no_link(p);
    if (why)
        drop(p, &p->resource->uri, NOTE_URI_DROPPED, "uri", why);
    else if (!slice_eq(before, p->resource->uri))
        trace(p, TRACE_MAPPED, "uri", "percent-encoded");
}

/* CAP's digest is over the content; one over the base64 text, as NAADS makes it, would be taken for
 * wrong by whoever fetches the link. */
static void translate_digest(const struct passage *p, const struct embedded *content)
{
    struct slice *digest = &p->resource->digest;
    switch (resource_digest(p->given)) {
    case DIGEST_OF_BASE64:
        if (!content->sha1[0]) {
            drop(p, digest, NOTE_DIGEST_DROPPED, "digest", "Over a text that is no base64");
            break;
        }
        note(p, NOTE_DIGEST_CORRECTED, "digest",
             "It is over the base64 text; the derived one is over the content", *digest);
        trace(p, TRACE_COMPUTED, "digest", "SHA-1 over the content");
        *digest = arena_copy(p->work->arena, slice_from_cstr(content->sha1));
        break;
    case DIGEST_MISMATCH:
        drop(p, digest, NOTE_DIGEST_DROPPED, "digest",
             is_embedded(p->given) ? "Not the SHA-1 of the embedded content" : "Not a SHA-1");
        break;
    default:
        break;
    }
}

static void translate_size(const struct passage *p, const struct embedded *content, bool measured)
{
    struct slice *size = &p->resource->size;
    unsigned long long said = 0;
    if (slice_is_empty(*size))
        return;
    if (!slice_to_u64(*size, &said) || !text_is_integer(*size)) {
        drop(p, size, NOTE_SIZE_DROPPED, "size", "Not a number of bytes");
    } else if (measured && said != content->bytes) {
        note(p, NOTE_SIZE_CORRECTED, "size", "Not the size of the embedded content", *size);
        trace(p, TRACE_COMPUTED, "size", "bytes of the content");
        *size = arena_printf(p->work->arena, "%zu", content->bytes);
    }
}

/* What has no link says where its content is; in the language of its info. */
static struct slice description(struct work *work, struct slice given, bool only_embedded,
                                enum words words)
{
    if (slice_is_empty(given))
        given = table_words(words, "resource", "unnamed");
    if (!only_embedded)
        return given;
    return PHRASE_IN(words, work, "resource", "embedded", {"description", given});
}

static void translate_description(const struct passage *p)
{
    bool french = slice_istarts_with(p->work->derived->infos[p->info].language, "fr");
    bool only_embedded = is_embedded(p->given) && slice_is_empty(p->resource->uri);
    struct slice said = description(p->work, p->given->resource_desc, only_embedded,
                                    french ? WORDS_FRENCH : WORDS_ENGLISH);
    fill(p, &p->resource->resource_desc, said, "resourceDesc");
    if (slice_eq(p->resource->resource_desc, said))
        return;
    trace(p, TRACE_MAPPED, "resourceDesc", "embedded content is in the original only");
    p->resource->resource_desc = said;
}

/* Whether what is embedded has to be decoded to say what is true of it. */
static bool wants_content(const struct cap_resource *given)
{
    return !slice_is_empty(given->size) || resource_digest(given) == DIGEST_OF_BASE64;
}

static void translate_resource(const struct passage *p)
{
    struct embedded content = {0};
    bool measured = wants_content(p->given) && resource_embedded(p->given, &content);
    p->resource->line = 0;
    p->resource->digest_reading = DIGEST_NOT_READ;
    translate_uri(p);
    translate_description(p);
    fill(p, &p->resource->mime_type, SLICE("application/octet-stream"), "mimeType");
    translate_size(p, &content, measured);
    translate_digest(p, &content);
    if (slice_is_empty(p->given->deref_uri))
        return;
    notes_add(p->work->notes, p->work->arena, NOTE_EMBEDDED_LEFT_OUT, path_from(p, "derefUri"),
              "%zu characters of embedded content are in the original only.",
              p->given->deref_uri.len);
    trace(p, TRACE_DROPPED, "derefUri", "embedded content is in the original only");
    p->resource->deref_uri = (struct slice){0};
}

/* What the target side's broadcasters air of themselves when they see that description. */
static bool is_for_broadcast(struct work *work, const struct cap_resource *given,
                             struct name_rule *rule)
{
    *rule = work_name_rule(work, "resourceDesc", given->resource_desc);
    return !rule->keep;
}

static void translate_all(struct work *work, size_t i)
{
    struct cap_info *info = &work->derived->infos[i];
    const struct cap_resource *given = info->resources;
    size_t count = 0;
    info->resources =
        arena_alloc_array(work->arena, info->resource_count, sizeof(*info->resources));
    for (size_t j = 0; j < info->resource_count; j++) {
        struct name_rule rule;
        const struct passage passage = {.work = work,
                                        .info = i,
                                        .from = j,
                                        .to = count,
                                        .given = &given[j],
                                        .resource = &info->resources[count]};
        if (is_for_broadcast(work, &given[j], &rule)) {
            notes_add(work->notes, work->arena, NOTE_RESOURCE_DROPPED, path_from(&passage, NULL),
                      "%.*s: %.*s; it is in the original.",
                      SLICE_ARG(text_short(given[j].resource_desc, 80)), SLICE_ARG(rule.reason));
            trace(&passage, TRACE_DROPPED, NULL, "never broadcast");
            continue;
        }
        info->resources[count++] = given[j];
        translate_resource(&passage);
    }
    info->resource_count = count;
}

enum err_code step_resources(struct work *work, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < work->derived->info_count; i++)
        translate_all(work, i);
    return OK;
}

struct cap_resource *resources_generated(struct work *work, size_t i)
{
    const struct cap_info *source = work->infos[i], *derived = &work->derived->infos[i];
    struct cap_resource *resources =
        arena_alloc_array(work->arena, derived->resource_count, sizeof(*resources));
    size_t count = 0;
    for (size_t j = 0; j < source->resource_count && count < derived->resource_count; j++) {
        const struct cap_resource *given = &source->resources[j];
        struct name_rule rule;
        if (is_for_broadcast(work, given, &rule))
            continue;
        struct cap_resource *resource = &resources[count];
        *resource = derived->resources[count++];
        resource->resource_desc =
            description(work, given->resource_desc,
                        is_embedded(given) && slice_is_empty(resource->uri), work_words(work));
    }
    return resources;
}
