#include "alert/atom.h"

#include "alert/document.h"
#include "alert/entry.h"
#include "alert/fields.h"
#include "alert/georss.h"
#include "alert/parse.h"

#define MASAS_STATUS "masas:category:status"

bool entry_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           strcmp((const char *)node->ns->href, ATOM_NAMESPACE) == 0 &&
           strcmp((const char *)node->name, name) == 0;
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

static void read_link(struct reader *r, const xmlNode *node, struct atom_entry *entry)
{
    struct atom_link *link =
        field_append(r, &entry->links, &entry->link_count, sizeof *entry->links);
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

struct atom_entry entry_read(struct reader *r, const xmlNode *node,
                             const struct atom_author *of_feed)
{
    struct atom_entry entry = {
        .author = entry_author(r, node),
        .line = reader_line(r, node),
        .holds_cap = entry_holds_cap(node),
    };
    struct cap_time published = {0};
    entry.shape.line = entry.line;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (entry_is(child, "id"))
            entry.id = field_words(r, child);
        else if (entry_is(child, "title"))
            entry.title = field_words(r, child);
        else if (entry_is(child, "updated"))
            entry.updated = read_time(r, child);
        else if (entry_is(child, "published"))
            published = read_time(r, child);
        else if (entry_is(child, "link"))
            read_link(r, child, &entry);
        else if (entry_is(child, "category"))
            read_category(r, child, &entry);
        else
            georss_read(r, child, &entry.shape);
    }
    if (!entry.updated.set && !entry.updated.text.len)
        entry.updated = published;
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

static void add_entry(struct reader *r, const xmlNode *node, const struct atom_author *author,
                      struct atom_feed *out)
{
    if (out->count == ATOM_ENTRIES_MAX) {
        out->left_out++;
        return;
    }
    struct atom_entry entry = entry_read(r, node, author);
    struct atom_entry *place = field_append(r, &out->entries, &out->count, sizeof *out->entries);
    *place = entry;
}

static void read_feed(struct reader *r, const xmlNode *root, struct atom_feed *out)
{
    struct atom_author author = entry_author(r, root);
    for (const xmlNode *child = root->children; child; child = child->next) {
        if (entry_is(child, "entry"))
            add_entry(r, child, &author, out);
        else if (entry_is(child, "id"))
            out->id = field_words(r, child);
        else if (entry_is(child, "updated"))
            out->updated = read_time(r, child);
    }
}

enum err_code atom_read(struct arena *arena, struct slice bytes, struct atom_feed *out,
                        struct err *err)
{
    struct document document;
    *out = (struct atom_feed){0};
    if (bytes.len > PARSE_BYTES_MAX)
        return err_set(err, ERR_INVALID, "larger than 8 MiB");
    document_init(&document, bytes, NULL);
    const xmlNode *root = document.tree ? xmlDocGetRootElement(document.tree) : NULL;
    struct alert shell = {0};
    struct reader r = {.arena = arena, .alert = &shell, .root = root};
    enum err_code code = OK;
    if (!root)
        code = err_set(err, ERR_INVALID, "line %u: %s", document.line, document.text);
    else if (entry_is(root, "feed"))
        read_feed(&r, root, out);
    else if (entry_is(root, "entry"))
        add_entry(&r, root, NULL, out);
    else
        code = err_set(err, ERR_INVALID, "the root is neither an Atom feed nor an entry");
    document_fini(&document);
    return code;
}
