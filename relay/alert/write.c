#include "alert/write.h"

#include "alert/text.h"
#include "alert/uri.h"

#include <inttypes.h>
#include <math.h>

static bool is_plain(unsigned char c)
{
    return (c >= ' ' || c == '\n' || c == '\t') && c < 0x7F && c != '&' && c != '<' && c != '>';
}

enum { STEP = 16 };

/* Without a branch for each byte, so that the compiler looks at all of them at once. */
static bool is_plain_step(const char *text)
{
    unsigned special = 0;
    for (size_t i = 0; i < STEP; i++)
        special |= !is_plain((unsigned char)text[i]);
    return special == 0;
}

/* How many bytes from there on are ASCII that goes out as it is: nearly all of every alert. */
static size_t plain_run(struct slice text, size_t at)
{
    size_t end = at;
    while (text.len - end >= STEP && is_plain_step(text.ptr + end))
        end += STEP;
    while (end < text.len && is_plain((unsigned char)text.ptr[end]))
        end++;
    return end - at;
}

static void put_escaped(struct buf *out, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        size_t run = plain_run(text, at);
        buf_put(out, slice_sub(text, at, at + run));
        at += run;
        if (at == text.len)
            return;
        uint32_t code;
        size_t len = text_utf8_at(text, at, &code);
        if (len == 0 || !text_is_xml_char(code)) {
            at += len ? len : 1;
            continue;
        }
        if (code == '&')
            buf_put_cstr(out, "&amp;");
        else if (code == '<')
            buf_put_cstr(out, "&lt;");
        else if (code == '>')
            buf_put_cstr(out, "&gt;");
        else if (code == '\r')
            buf_put_cstr(out, "&#13;"); /* else a reader makes a line feed of it */
        else
            buf_put(out, slice_sub(text, at, at + len));
        at += len;
    }
}

static char *add(char *place, const char *bytes, size_t len)
{
    return (char *)memcpy(place, bytes, len) + len;
}

/* "<" name ">" or "</" name ">\n" */
static void put_tag(struct buf *out, const char *before, const char *name, const char *behind)
{
    size_t before_len = strlen(before), name_len = strlen(name), behind_len = strlen(behind);
    char *place = buf_reserve(out, before_len + name_len + behind_len);
    if (!place)
        return;
    place = add(place, before, before_len);
    place = add(place, name, name_len);
    add(place, behind, behind_len);
    buf_commit(out, before_len + name_len + behind_len);
}

static void put_open(struct buf *out, const char *name)
{
    put_tag(out, "<", name, ">");
}

static void put_close(struct buf *out, const char *name)
{
    put_tag(out, "</", name, ">\n");
}

static void put_element(struct buf *out, const char *name, struct slice text)
{
    size_t name_len = strlen(name), size = text.len + 2 * name_len + strlen("<></>\n");
    char *place = NULL;
    if (text.len && plain_run(text, 0) == text.len)
        place = buf_reserve(out, size);
    if (!place) {
        put_open(out, name);
        put_escaped(out, text);
        put_close(out, name);
        return;
    }
    place = add(place, "<", 1);
    place = add(place, name, name_len);
    place = add(place, ">", 1);
    place = add(place, text.ptr, text.len);
    place = add(place, "</", 2);
    place = add(place, name, name_len);
    add(place, ">\n", 2);
    buf_commit(out, size);
}

static void put_optional(struct buf *out, const char *name, struct slice text)
{
    if (text.len)
        put_element(out, name, text);
}

static void put_code(struct buf *out, const char *name, const char *value)
{
    put_optional(out, name, slice_from_cstr(value));
}

static void put_time(struct buf *out, const char *name, const struct cap_time *time)
{
    if (!time->set)
        return;
    char text[CAP_TIME_TEXT_MAX];
    put_element(out, name, cap_time_format(time->utc_s, time->offset_min, text));
}

static void put_pairs(struct buf *out, const char *name, const struct cap_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        put_tag(out, "<", name, ">\n");
        put_element(out, "valueName", pairs->items[i].name);
        put_element(out, "value", pairs->items[i].value);
        put_close(out, name);
    }
}

/* A coordinate or radius with at most six places, in the C locale's notation. */
static void put_number(struct buf *out, double value)
{
    int64_t millionths = llround(value * 1e6);
    int64_t magnitude = millionths < 0 ? -millionths : millionths;
    buf_printf(out, "%s%" PRId64, millionths < 0 ? "-" : "", magnitude / 1000000);
    int64_t fraction = magnitude % 1000000;
    if (fraction == 0)
        return;
    int places = 6;
    for (; fraction % 10 == 0; fraction /= 10)
        places--;
    buf_printf(out, ".%0*" PRId64, places, fraction);
}

static void put_polygon(struct buf *out, const struct cap_polygon *polygon)
{
    if (polygon->text.len) {
        put_element(out, "polygon", polygon->text);
        return;
    }
    buf_put_cstr(out, "<polygon>");
    for (size_t i = 0; i < polygon->count; i++) {
        buf_put_cstr(out, i ? " " : "");
        put_number(out, polygon->points[i].lat);
        buf_put_char(out, ',');
        put_number(out, polygon->points[i].lon);
    }
    buf_put_cstr(out, "</polygon>\n");
}

static void put_circle(struct buf *out, const struct cap_circle *circle)
{
    if (circle->text.len) {
        put_element(out, "circle", circle->text);
        return;
    }
    buf_put_cstr(out, "<circle>");
    put_number(out, circle->centre.lat);
    buf_put_char(out, ',');
    put_number(out, circle->centre.lon);
    buf_put_char(out, ' ');
    put_number(out, circle->radius_km);
    buf_put_cstr(out, "</circle>\n");
}

static bool is_number(struct slice text, bool decimal)
{
    size_t digits = 0, points = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9')
            digits++;
        else if (c == '.' && decimal)
            points++;
        else if (i != 0 || (c != '-' && c != '+'))
            return false;
    }
    return digits > 0 && points <= 1;
}

/* [a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*, the type language of XML Schema. */
static bool is_language(struct slice text)
{
    struct slice part;
    for (bool first = true; slice_next_part(&text, '-', &part); first = false) {
        if (part.len < 1 || part.len > 8)
            return false;
        for (size_t i = 0; i < part.len; i++) {
            char c = part.ptr[i];
            bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!letter && (first || c < '0' || c > '9'))
                return false;
        }
    }
    return true;
}

static void put_uri(struct buf *out, const char *name, struct slice uri)
{
    if (uri.len == 0)
        return;
    struct arena *arena = arena_create();
    put_optional(out, name, uri_make_valid(arena, uri));
    arena_destroy(arena);
}

static void put_area(struct buf *out, const struct cap_area *area)
{
    buf_put_cstr(out, "<area>\n");
    put_element(out, "areaDesc", area->area_desc);
    for (size_t i = 0; i < area->polygon_count; i++)
        put_polygon(out, &area->polygons[i]);
    for (size_t i = 0; i < area->circle_count; i++)
        put_circle(out, &area->circles[i]);
    put_pairs(out, "geocode", &area->geocodes);
    if (is_number(area->altitude, true))
        put_element(out, "altitude", area->altitude);
    if (is_number(area->ceiling, true))
        put_element(out, "ceiling", area->ceiling);
    buf_put_cstr(out, "</area>\n");
}

static void put_resource(struct buf *out, const struct cap_resource *resource)
{
    buf_put_cstr(out, "<resource>\n");
    put_element(out, "resourceDesc", resource->resource_desc);
    put_element(out, "mimeType", resource->mime_type);
    if (is_number(resource->size, false))
        put_element(out, "size", resource->size);
    put_uri(out, "uri", resource->uri);
    put_optional(out, "derefUri", resource->deref_uri);
    put_optional(out, "digest", resource->digest);
    buf_put_cstr(out, "</resource>\n");
}

static void put_classification(struct buf *out, const struct cap_info *info)
{
    for (size_t i = 0; i < info->category_count; i++)
        put_code(out, "category", cap_category_name(info->categories[i]));
    put_element(out, "event", info->event);
    for (size_t i = 0; i < info->response_type_count; i++)
        put_code(out, "responseType", cap_response_type_name(info->response_types[i]));
    put_code(out, "urgency", cap_urgency_name(info->urgency));
    put_code(out, "severity", cap_severity_name(info->severity));
    put_code(out, "certainty", cap_certainty_name(info->certainty));
}

static void put_info(struct buf *out, const struct cap_info *info)
{
    buf_put_cstr(out, "<info>\n");
    if (info->language.len && is_language(info->language))
        put_element(out, "language", info->language);
    put_classification(out, info);
    put_optional(out, "audience", info->audience);
    put_pairs(out, "eventCode", &info->event_codes);
    put_time(out, "effective", &info->effective);
    put_time(out, "onset", &info->onset);
    put_time(out, "expires", &info->expires);
    put_optional(out, "senderName", info->sender_name);
    put_optional(out, "headline", info->headline);
    put_optional(out, "description", info->description);
    put_optional(out, "instruction", info->instruction);
    put_uri(out, "web", info->web);
    put_optional(out, "contact", info->contact);
    put_pairs(out, "parameter", &info->parameters);
    for (size_t i = 0; i < info->resource_count; i++)
        put_resource(out, &info->resources[i]);
    for (size_t i = 0; i < info->area_count; i++)
        put_area(out, &info->areas[i]);
    buf_put_cstr(out, "</info>\n");
}

static bool needs_quotes(struct slice item)
{
    for (size_t i = 0; i < item.len; i++) {
        if (slice_is_xml_space(item.ptr[i]))
            return true;
    }
    return false;
}

static void put_items(struct buf *out, const char *name, const struct cap_texts *texts)
{
    if (texts->count == 0)
        return;
    put_open(out, name);
    for (size_t i = 0; i < texts->count; i++) {
        const char *quote = needs_quotes(texts->items[i]) ? "\"" : "";
        buf_put_cstr(out, i ? " " : "");
        buf_put_cstr(out, quote);
        put_escaped(out, texts->items[i]);
        buf_put_cstr(out, quote);
    }
    put_close(out, name);
}

static void put_reference(struct buf *out, const struct cap_reference *reference)
{
    char text[CAP_TIME_TEXT_MAX];
    const struct cap_time *sent = &reference->sent;
    put_escaped(out, reference->sender);
    buf_put_char(out, ',');
    put_escaped(out, reference->identifier);
    buf_put_char(out, ',');
    put_escaped(out, sent->set ? cap_time_format(sent->utc_s, sent->offset_min, text) : sent->text);
}

static void put_references(struct buf *out, const struct alert *alert)
{
    if (alert->reference_count == 0)
        return;
    buf_put_cstr(out, "<references>");
    for (size_t i = 0; i < alert->reference_count; i++) {
        buf_put_cstr(out, i ? " " : "");
        put_reference(out, &alert->references[i]);
    }
    buf_put_cstr(out, "</references>\n");
}

void alert_write(const struct alert *alert, struct buf *out)
{
    buf_put_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n");
    put_element(out, "identifier", alert->identifier);
    put_element(out, "sender", alert->sender);
    put_time(out, "sent", &alert->sent);
    put_code(out, "status", cap_status_name(alert->status));
    put_code(out, "msgType", cap_msg_type_name(alert->msg_type));
    put_optional(out, "source", alert->source);
    put_code(out, "scope", cap_scope_name(alert->scope));
    put_optional(out, "restriction", alert->restriction);
    put_items(out, "addresses", &alert->addresses);
    for (size_t i = 0; i < alert->codes.count; i++)
        put_element(out, "code", alert->codes.items[i]);
    put_optional(out, "note", alert->note);
    put_references(out, alert);
    put_items(out, "incidents", &alert->incidents);
    for (size_t i = 0; i < alert->info_count; i++)
        put_info(out, &alert->infos[i]);
    buf_put_cstr(out, "</alert>\n");
}
