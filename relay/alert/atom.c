#include "alert/atom.h"

#include "alert/cut.h"
#include "alert/document.h"
#include "alert/entry.h"
#include "alert/fields.h"
#include "alert/georss.h"
#include "alert/incident.h"
#include "alert/parse.h"
#include "alert/scan.h"

#define MASAS_STATUS "masas:category:status"
#define TOMBSTONE_NAMESPACE "http://purl.org/atompub/tombstones/1.0"

static bool is_of(const xmlNode *node, const char *namespace, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           strcmp((const char *)node->ns->href, namespace) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

bool entry_is(const xmlNode *node, const char *name)
{
    return is_of(node, ATOM_NAMESPACE, name);
}

bool entry_is_cap_alert(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "alert") == 0 &&
           node->ns &&
           cap_version_of_namespace((const char *)node->ns->href) != CAP_VERSION_UNKNOWN;
}

bool entry_holds_cap(const xmlNode *node)
{
    if (entry_is_cap_alert(node))
        return true;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE && entry_holds_cap(child))
            return true;
    return false;
}

struct atom_author entry_author(struct reader *r, const xmlNode *node)
{
    struct atom_author author = {0};
    const xmlNode *found = node->children;
    while (found && !entry_is(found, "author"))
        found = found->next;
    for (const xmlNode *child = found ? found->children : NULL; child; child = child->next) {
        if (entry_is(child, "name"))
            author.name = field_words(r, child);
        else if (entry_is(child, "email"))
            author.email = field_words(r, child);
        else if (entry_is(child, "uri"))
            author.uri = field_words(r, child);
    }
    return author;
}

static bool is_somebody(const struct atom_author *author)
{
    return author->name.len || author->email.len || author->uri.len;
}

static struct slice attribute(struct reader *r, const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    struct slice text = slice_trim(slice_from_cstr((const char *)value));
    text = text.len ? arena_copy(r->arena, text) : (struct slice){NULL, 0};
    xmlFree(value);
    return text;
}

static bool is_cap_type(struct slice type)
{
    struct slice bare = {NULL, 0};
    slice_next_part(&type, ';', &bare);
    bare = slice_trim(bare);
    return slice_ieq_cstr(bare, "application/cap+xml") ||
           slice_ieq_cstr(bare, "application/common-alerting-protocol+xml");
}

static void read_link(struct reader *r, const xmlNode *node, struct atom_link **links,
                      size_t *count)
{
    struct atom_link *link = field_append(r, links, count, sizeof **links);
    *link = (struct atom_link){
        .href = attribute(r, node, "href"),
        .rel = attribute(r, node, "rel"),
        .type = attribute(r, node, "type"),
        .title = attribute(r, node, "title"),
        .length = attribute(r, node, "length"),
    };
    link->is_cap = is_cap_type(link->type);
}

static void read_category(struct reader *r, const xmlNode *node, struct atom_entry *entry)
{
    struct atom_category *category =
        field_append(r, &entry->categories, &entry->category_count, sizeof *entry->categories);
    *category = (struct atom_category){
        .scheme = attribute(r, node, "scheme"),
        .term = attribute(r, node, "term"),
        .line = reader_line(r, node),
    };
}

/* CAP's form, so that it can be a `sent`. */
static struct cap_time read_time(struct reader *r, const xmlNode *node)
{
    struct cap_time time = cap_time_parse_lenient(field_words(r, node));
    return time.set ? cap_time_make(r->arena, time.utc_s, time.offset_min) : time;
}

static struct cap_time read_version(struct reader *r, const xmlNode *node, struct slice *text)
{
    *text = field_words(r, node);
    return read_time(r, node);
}

struct atom_entry entry_read(struct reader *r, const xmlNode *node,
                             const struct atom_author *of_feed)
{
    struct atom_entry entry = {
        .author = entry_author(r, node),
        .line = reader_line(r, node),
        .holds_cap = entry_holds_cap(node),
    };
    struct cap_time published = {0};
    struct slice published_text = {0};
    entry.shape.line = entry.line;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (entry_is(child, "id"))
            entry.id = field_words(r, child);
        else if (entry_is(child, "title"))
            entry.title = field_words(r, child);
        else if (entry_is(child, "updated"))
            entry.updated = read_version(r, child, &entry.version);
        else if (entry_is(child, "published"))
            published = read_version(r, child, &published_text);
        else if (entry_is(child, "link"))
            read_link(r, child, &entry.links, &entry.link_count);
        else if (entry_is(child, "category"))
            read_category(r, child, &entry);
        else if (is_of(child, AGE_NAMESPACE, "expires"))
            entry.expires = cap_time_parse_lenient(field_words(r, child));
        else
            georss_read(r, child, &entry.shape);
    }
    if (!entry.updated.set && !entry.updated.text.len)
        entry.updated = published;
    if (!entry.version.len)
        entry.version = published_text;
    if (of_feed && !is_somebody(&entry.author))
        entry.author = *of_feed;
    return entry;
}

/* By MASAS's scheme, or NAAD's `status=Actual` without one. */
void entry_bound(struct reader *r, const struct atom_entry *entry, struct envelope *envelope)
{
    for (size_t i = 0; i < entry->category_count; i++) {
        const struct atom_category *category = &entry->categories[i];
        if (slice_eq_cstr(category->scheme, MASAS_STATUS))
            envelope_bound(r, r->root, category->term, envelope);
        else if (!category->scheme.len && slice_starts_with(category->term, "status="))
            envelope_bound(r, r->root,
                           slice_sub(category->term, strlen("status="), category->term.len),
                           envelope);
    }
}

struct envelope *entry_envelope(struct reader *r, const struct atom_entry *entry)
{
    struct envelope *out = arena_alloc(r->arena, sizeof *out);
    out->form = FORM_ATOM;
    out->area = entry->shape;
    entry_bound(r, entry, out);
    area_describe(r->arena, &out->area);
    if (!out->area.polygon_count && !out->area.circle_count)
        out->area.area_desc = (struct slice){NULL, 0};
    out->findings = r->alert->findings;
    return out;
}

const struct atom_link *atom_cap_link(const struct atom_entry *entry)
{
    for (size_t i = 0; i < entry->link_count; i++)
        if (entry->links[i].is_cap && entry->links[i].href.len)
            return &entry->links[i];
    return NULL;
}

/* Ways to the entry itself, not to what it is about. */
static bool leads_back(const struct atom_link *link)
{
    static const char *const rels[] = {"self", "edit", "edit-media", "history", "next", "prev"};
    for (size_t i = 0; i < sizeof rels / sizeof *rels; i++)
        if (slice_eq_cstr(link->rel, rels[i]))
            return true;
    return !link->href.len;
}

static bool is_enclosure(const struct atom_link *link)
{
    return slice_eq_cstr(link->rel, "enclosure");
}

/* For feeds that give CAP no type of its own. */
static bool may_be_cap(const struct atom_link *link)
{
    struct slice path = {0}, rest = link->href;
    slice_next_part(&rest, '?', &path);
    bool xml = !link->type.len || slice_ifind(link->type, "xml") >= 0;
    bool named = path.len > 4 && slice_ieq_cstr(slice_sub(path, path.len - 4, path.len), ".cap");
    return named || (xml && is_enclosure(link));
}

bool atom_is_message_link(const struct atom_entry *entry, const struct atom_link *link)
{
    bool typed = false, enclosed = false;
    for (size_t i = 0; i < entry->link_count; i++) {
        const struct atom_link *one = &entry->links[i];
        bool counts = one->is_cap && !leads_back(one);
        typed = typed || counts;
        enclosed = enclosed || (counts && is_enclosure(one));
    }
    if (leads_back(link) || entry->holds_cap)
        return false;
    if (typed)
        return link->is_cap && (!enclosed || is_enclosure(link));
    return !entry->is_incident && may_be_cap(link);
}

/* --- feeds --- */

/* The document that is being read, and its parts where they could be cut. */
struct feed_reading {
    struct reader *r;
    struct slice whole;
    struct cut cut;
    bool is_cut;
    struct atom_author author;
};

static void add_entry(struct feed_reading *reading, const xmlNode *node, struct slice bytes,
                      struct atom_feed *out)
{
    struct reader *r = reading->r;
    if (out->count == ATOM_ENTRIES_MAX) {
        out->left_out++;
        return;
    }
    struct atom_entry entry = entry_read(r, node, &reading->author);
    entry.is_incident = incident_is(&entry);
    entry.bytes = bytes;
    struct atom_entry *place = field_append(r, &out->entries, &out->count, sizeof *out->entries);
    *place = entry;
}

static void add_deleted(struct feed_reading *reading, const xmlNode *node, struct slice bytes,
                        struct atom_feed *out)
{
    struct atom_deleted *deleted =
        field_append(reading->r, &out->deleted, &out->deleted_count, sizeof *out->deleted);
    *deleted = (struct atom_deleted){.id = attribute(reading->r, node, "ref"),
                                     .when = attribute(reading->r, node, "when"),
                                     .bytes = bytes};
}

bool entry_is_deleted(const xmlNode *node)
{
    return is_of(node, TOMBSTONE_NAMESPACE, "deleted-entry");
}

bool entry_is_deleted_of(struct reader *r, const xmlNode *node, struct slice id)
{
    return entry_is_deleted(node) && id.len && slice_eq(attribute(r, node, "ref"), id);
}

struct cap_time entry_deleted_when(struct reader *r, const xmlNode *node)
{
    struct cap_time time = cap_time_parse_lenient(attribute(r, node, "when"));
    return time.set ? cap_time_make(r->arena, time.utc_s, time.offset_min) : time;
}

static void read_next(struct reader *r, const xmlNode *node, struct atom_feed *out)
{
    struct atom_link *link = NULL;
    size_t count = 0;
    read_link(r, node, &link, &count);
    if (slice_eq_cstr(link->rel, "next"))
        out->next = link->href;
}

static void read_child(struct feed_reading *reading, const xmlNode *child, struct slice bytes,
                       struct atom_feed *out)
{
    if (entry_is(child, "entry"))
        add_entry(reading, child, bytes, out);
    else if (entry_is_deleted(child))
        add_deleted(reading, child, bytes, out);
    else if (entry_is(child, "id"))
        out->id = field_words(reading->r, child);
    else if (entry_is(child, "updated"))
        out->updated = read_time(reading->r, child);
    else if (entry_is(child, "link"))
        read_next(reading->r, child, out);
    else if (entry_is(child, "author") && !out->author.ptr)
        out->author = bytes;
}

static void read_feed(struct feed_reading *reading, const xmlNode *root, struct atom_feed *out)
{
    size_t elements = 0;
    reading->author = entry_author(reading->r, root);
    for (const xmlNode *child = root->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        struct slice bytes = {0};
        if (reading->is_cut && elements < reading->cut.count)
            bytes = reading->cut.children[elements];
        elements++;
        read_child(reading, child, bytes, out);
    }
}

static enum err_code read_root(struct feed_reading *reading, const xmlNode *root,
                               struct atom_feed *out, struct err *err)
{
    struct slice whole = reading->whole;
    reading->is_cut =
        scan_is_ascii_based(whole) && cut_element(reading->r->arena, whole, &reading->cut);
    if (entry_is(root, "entry")) {
        add_entry(reading, root, reading->is_cut ? whole : (struct slice){0}, out);
        return OK;
    }
    if (!entry_is(root, "feed"))
        return err_set(err, ERR_INVALID, "the root is neither an Atom feed nor an entry");
    if (reading->is_cut) {
        out->head = slice_of(whole.ptr, reading->cut.before.len + reading->cut.start_tag.len);
        out->tail = reading->cut.end_tag;
    }
    read_feed(reading, root, out);
    return OK;
}

enum err_code atom_read(struct arena *arena, struct slice bytes, struct atom_feed *out,
                        struct err *err)
{
    struct document document;
    *out = (struct atom_feed){0};
    if (bytes.len > PARSE_BYTES_MAX)
        return err_set(err, ERR_INVALID, "larger than 8 MiB");
    document_init(&document, bytes, NULL, DOCUMENT_AS_IT_IS);
    const xmlNode *root = document.tree ? xmlDocGetRootElement(document.tree) : NULL;
    struct alert shell = {0};
    struct reader r = {.arena = arena, .alert = &shell, .root = root};
    struct feed_reading reading = {.r = &r, .whole = bytes};
    enum err_code code =
        root ? read_root(&reading, root, out, err)
             : err_set(err, ERR_INVALID, "line %u: %s", document.line, document.text);
    document_fini(&document);
    return code;
}

/* --- documents --- */

static struct slice join(struct arena *arena, const struct slice *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = arena_alloc(arena, len + 1), *end = text;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len)
            memcpy(end, parts[i].ptr, parts[i].len);
        end += parts[i].len;
    }
    return slice_of(text, len);
}

struct slice atom_document(struct arena *arena, const struct atom_feed *feed,
                           const struct atom_entry *entry)
{
    const struct slice parts[] = {feed->head, feed->author, entry->bytes, feed->tail};
    return entry->bytes.ptr ? join(arena, parts, 4) : (struct slice){0};
}

struct slice atom_deleted_document(struct arena *arena, const struct atom_feed *feed,
                                   const struct atom_deleted *deleted, struct slice last)
{
    const struct slice parts[] = {feed->head, feed->author, deleted->bytes, last, feed->tail};
    return deleted->bytes.ptr ? join(arena, parts, 5) : (struct slice){0};
}
