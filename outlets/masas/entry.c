#include "outlets/masas/entry.h"

#include "alert/atom.h"
#include "base/buf.h"
#include "base/clock.h"
#include "schemas.h"
#include "seal/json.h"

#include <string.h>

enum { ENTRY_BYTES_MAX = 20 * 1024 * 1024 }; /* texts, and the message once more */

/* --- XML --- */

/* Characters that XML cannot carry are left out. */
static void put_text(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '&')
            buf_put_cstr(out, "&amp;");
        else if (c == '<')
            buf_put_cstr(out, "&lt;");
        else if (c == '>')
            buf_put_cstr(out, "&gt;");
        else if (c == '"')
            buf_put_cstr(out, "&quot;");
        else if (c >= ' ' || c == '\n' || c == '\t')
            buf_put_char(out, (char)c);
    }
}

static void put_category(struct buf *out, const char *label, const char *scheme, struct slice term)
{
    buf_printf(out, "<category label=\"%s\" scheme=\"%s\" term=\"", label, scheme);
    put_text(out, term);
    buf_put_cstr(out, "\"/>\n");
}

static void put_value(struct buf *out, const char *label, const char *scheme, const char *term)
{
    put_category(out, label, scheme, slice_from_cstr(term));
}

/* --- icon --- */

static struct slice icon_of_key(struct slice key)
{
    const struct schema_table *table = schema_table_find("masas_icons");
    size_t row = schema_row_find(table, key.ptr, key.len);
    if (row == table->row_count ||
        strcmp(schema_cell(table, row, schema_column(table, "confidence")), "low") == 0)
        return (struct slice){NULL, 0};
    return slice_from_cstr(schema_cell(table, row, schema_column(table, "icon")));
}

static struct slice lower(struct arena *arena, struct slice text)
{
    char *copy = arena_cstr(arena, text);
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return slice_from_cstr(copy);
}

static struct slice icon_of(struct arena *arena, const struct cap_info *info)
{
    struct slice icon = {NULL, 0};
    for (size_t i = 0; i < info->event_codes.count && !icon.ptr; i++) {
        struct slice code = lower(arena, info->event_codes.items[i].value);
        if (slice_istarts_with(info->event_codes.items[i].name, "profile:CAP-CP:Event"))
            icon = icon_of_key(arena_printf(arena, "event/%.*s", SLICE_ARG(code)));
    }
    for (size_t i = 0; i < info->category_count && !icon.ptr; i++)
        icon =
            icon_of_key(arena_printf(arena, "category/%s", cap_category_name(info->categories[i])));
    return icon.ptr ? icon : SLICE("other");
}

/* --- categories --- */

static bool is_repeated(const struct cap_info *info, size_t category)
{
    for (size_t i = 0; i < category; i++)
        if (info->categories[i] == info->categories[category])
            return true;
    return false;
}

/* Those of the first info: the others say the same in another language. */
static void put_categories(struct buf *out, struct arena *arena, const struct masas_entry *entry)
{
    const struct alert *alert = entry->alert;
    put_value(out, "Status", "masas:category:status", cap_status_name(alert->status));
    put_category(out, "Message", MASAS_MESSAGE_SCHEME, alert->identifier);
    put_category(out, "Bulletin", MASAS_BULLETIN_SCHEME, entry->bulletin);
    for (size_t i = 0; i < entry->replaced_count; i++)
        put_category(out, "Replaced", MASAS_REPLACED_SCHEME, entry->replaced[i]);
    if (alert->info_count == 0) {
        put_value(out, "Icon", "masas:category:icon", "other");
        return;
    }
    const struct cap_info *info = &alert->infos[0];
    bool ends = alert->msg_type == MSG_TYPE_CANCEL;
    if (!ends && info->severity)
        put_value(out, "Severity", "masas:category:severity", cap_severity_name(info->severity));
    if (!ends && info->certainty)
        put_value(out, "Certainty", "masas:category:certainty",
                  cap_certainty_name(info->certainty));
    for (size_t i = 0; i < info->category_count; i++)
        if (!is_repeated(info, i))
            put_value(out, "Category", "masas:category:category",
                      cap_category_name(info->categories[i]));
    put_category(out, "Icon", "masas:category:icon", icon_of(arena, info));
}

/* --- texts: a div for each language --- */

static bool is_french(const struct cap_info *info)
{
    return slice_istarts_with(info->language, "fr");
}

static void put_language(struct buf *out, const struct cap_info *info)
{
    struct slice language = slice_sub(info->language, 0, 2);
    put_text(out, language.len == 2 ? language : SLICE("en"));
}

static void put_paragraphs(struct buf *out, struct slice text)
{
    struct slice line = {0};
    while (slice_next_part(&text, '\n', &line)) {
        line = slice_trim(line);
        if (!line.len)
            continue;
        buf_put_cstr(out, "<p>");
        put_text(out, line);
        buf_put_cstr(out, "</p>");
    }
}

/* What is no longer so must not read as if it were. */
static void put_title(struct buf *out, const struct alert *alert, const struct cap_info *info)
{
    if (alert->msg_type == MSG_TYPE_CANCEL)
        buf_put_cstr(out, is_french(info) ? "ANNULÉ : " : "CANCELLED: ");
    put_text(out, info->headline.len ? info->headline : info->event);
}

static void put_content(struct buf *out, const struct cap_info *info)
{
    put_paragraphs(out, info->description);
    put_paragraphs(out, info->instruction);
    for (size_t i = 0; i < info->area_count; i++)
        put_paragraphs(out, info->areas[i].area_desc);
    put_paragraphs(out, info->sender_name);
}

static void put_texts(struct buf *out, const struct alert *alert, const char *element, bool title)
{
    buf_printf(out, "<%s type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">", element);
    for (size_t i = 0; i < alert->info_count; i++) {
        const struct cap_info *info = &alert->infos[i];
        buf_put_cstr(out, "<div xml:lang=\"");
        put_language(out, info);
        buf_put_cstr(out, "\">");
        if (title)
            put_title(out, alert, info);
        else
            put_content(out, info);
        buf_put_cstr(out, "</div>");
    }
    if (alert->info_count == 0)
        buf_printf(out, "<div xml:lang=\"en\">%s</div>", cap_msg_type_name(alert->msg_type));
    buf_printf(out, "</div></%s>\n", element);
}

/* --- place --- */

static void put_polygon(struct buf *out, const struct cap_polygon *polygon)
{
    buf_put_cstr(out, "<polygon xmlns=\"http://www.georss.org/georss\">");
    for (size_t i = 0; i < polygon->count; i++)
        buf_printf(out, "%s%.6f %.6f", i ? " " : "", polygon->points[i].lat,
                   polygon->points[i].lon);
    buf_put_cstr(out, "</polygon>\n");
}

static void put_circle(struct buf *out, const struct cap_circle *circle)
{
    if (circle->radius_km > 0)
        buf_printf(out, "<circle xmlns=\"http://www.georss.org/georss\">%.6f %.6f %.0f</circle>\n",
                   circle->centre.lat, circle->centre.lon, circle->radius_km * 1000);
    else
        buf_printf(out, "<point xmlns=\"http://www.georss.org/georss\">%.6f %.6f</point>\n",
                   circle->centre.lat, circle->centre.lon);
}

static void put_box(struct buf *out, const double *box)
{
    buf_printf(out, "<box xmlns=\"http://www.georss.org/georss\">%.6f %.6f %.6f %.6f</box>\n",
               box[1], box[0], box[3], box[2]);
}

/* An entry has one shape: the message's, or the box of all of it, never less than was said. */
static void put_shape(struct buf *out, const struct masas_entry *entry)
{
    const struct cap_polygon *polygon = NULL;
    const struct cap_circle *circle = NULL;
    size_t shapes = 0;
    const struct cap_info *info = entry->alert->info_count ? &entry->alert->infos[0] : NULL;
    for (size_t i = 0; info && i < info->area_count; i++) {
        const struct cap_area *area = &info->areas[i];
        shapes += area->polygon_count + area->circle_count;
        if (area->polygon_count)
            polygon = &area->polygons[0];
        if (area->circle_count)
            circle = &area->circles[0];
    }
    if (shapes == 1 && info->area_count == 1 && polygon)
        put_polygon(out, polygon);
    else if (shapes == 1 && info->area_count == 1)
        put_circle(out, circle);
    else if (entry->has_box)
        put_box(out, entry->box);
}

/* --- the entry --- */

int64_t masas_entry_read_header(struct slice header, struct masas_entry *entry)
{
    struct err err;
    json_t *root = json_read(header, &err);
    const json_t *box = json_object_get(json_object_get(root, "area"), "bbox");
    const char *until = json_string_value(json_object_get(root, "in_force_until"));
    struct cap_time time = cap_time_parse_lenient(slice_from_cstr(until));

    entry->has_box = json_array_size(box) == 4;
    for (size_t i = 0; entry->has_box && i < 4; i++)
        entry->box[i] = json_number_value(json_array_get(box, i));
    json_decref(root);
    return time.set ? time.utc_s : 0;
}

static void put_expires(struct buf *out, int64_t until_s)
{
    char text[CLOCK_TEXT_MAX];
    buf_printf(out, "<expires xmlns=\"http://purl.org/atompub/age/1.0\">%s</expires>\n",
               clock_format_s(until_s, text));
}

static void put_link(struct buf *out, const struct alert *alert)
{
    if (alert->info_count == 0 || !alert->infos[0].web.len)
        return;
    buf_put_cstr(out, "<link rel=\"related\" href=\"");
    put_text(out, alert->infos[0].web);
    buf_put_cstr(out, "\"/>\n");
}

/* Without its declaration: it stands inside. */
static void put_cap(struct buf *out, struct slice cap)
{
    ptrdiff_t end = slice_starts_with(cap, "<?xml") ? slice_find(cap, "?>") : -1;
    buf_put(out, slice_trim(slice_sub(cap, end < 0 ? 0 : (size_t)end + 2, cap.len)));
    buf_put_cstr(out, "\n");
}

struct slice masas_entry_write(struct arena *arena, const struct masas_entry *entry)
{
    struct buf out;
    buf_init(&out, ENTRY_BYTES_MAX);
    buf_put_cstr(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<entry xmlns=\"" ATOM_NAMESPACE "\">\n");
    put_categories(&out, arena, entry);
    put_texts(&out, entry->alert, "title", true);
    put_texts(&out, entry->alert, "content", false);
    put_link(&out, entry->alert);
    put_shape(&out, entry);
    put_expires(&out, entry->until_s);
    if (entry->embed)
        put_cap(&out, entry->cap);
    buf_put_cstr(&out, "</entry>\n");
    struct slice text =
        buf_failed(&out) ? (struct slice){NULL, 0} : arena_copy(arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}
