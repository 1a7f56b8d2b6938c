#include "alert/incident.h"

#include "alert/codes.h"
#include "alert/fields.h"
#include "alert/georss.h"
#include "alert/prose.h"
#include "alert/text.h"
#include "base/buf.h"

#define SCHEME "masas:category:"
#define NOTE                                                                                       \
    "Incident information made from an Atom entry, not a CAP alert of its sender. A later "        \
    "version "                                                                                     \
    "of the entry is an Update, a withdrawn one a Cancel. / Information sur un incident tirée "   \
    "d'une entrée Atom, et non une alerte CAP de son expéditeur. Une version ultérieure de "    \
    "l'entrée est une mise à jour (Update), une entrée retirée une annulation (Cancel)."

enum { SHOWN_MAX = 80, MARKED_FIRST = 0x21 };

static struct slice scheme_part(const struct atom_category *category)
{
    if (!slice_starts_with(category->scheme, SCHEME))
        return (struct slice){NULL, 0};
    return slice_sub(category->scheme, strlen(SCHEME), category->scheme.len);
}

bool incident_is(const struct atom_entry *entry)
{
    bool marked = false;
    for (size_t i = 0; i < entry->category_count; i++)
        marked = marked || slice_starts_with(entry->categories[i].scheme, "masas:");
    return marked && !entry->holds_cap && !atom_cap_link(entry);
}

/* sender and identifier: no white space, comma, < and &. */
static struct slice made_legal(struct arena *arena, struct slice text)
{
    struct buf out;
    buf_init(&out, 3 * text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < MARKED_FIRST || c == ',' || c == '<' || c == '&' || c == '>')
            buf_printf(&out, "%%%02X", (unsigned)c);
        else
            buf_put_char(&out, (char)c);
    }
    struct slice legal = out.len ? arena_copy(arena, buf_slice(&out)) : (struct slice){NULL, 0};
    buf_fini(&out);
    return legal;
}

static struct slice first_given(struct slice a, struct slice b, struct slice c)
{
    if (a.len)
        return a;
    return b.len ? b : c;
}

static void require(struct reader *r, bool present, const char *rule, const char *text)
{
    if (!present)
        reader_find(r, rule, FINDING_FATAL, r->root, "%s", text);
}

static void read_identity(struct reader *r, const struct atom_entry *entry)
{
    struct alert *alert = r->alert;
    const struct atom_author *author = &entry->author;
    alert->identifier = made_legal(r->arena, entry->id);
    alert->sender = made_legal(r->arena, first_given(author->email, author->uri, author->name));
    alert->sent = entry->updated;
    require(r, alert->identifier.len, "atom.id.missing", "the entry has no id");
    require(r, alert->sender.len, "atom.author.missing",
            "neither the entry nor its feed names an author");
    require(r, alert->sent.set, "atom.updated.missing",
            "the entry has no time of update that can be read");
}

static bool is_draft(struct reader *r)
{
    for (const xmlNode *child = r->root->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || strcmp((const char *)child->name, "control") != 0)
            continue;
        for (const xmlNode *inner = child->children; inner; inner = inner->next)
            if (inner->type == XML_ELEMENT_NODE &&
                strcmp((const char *)inner->name, "draft") == 0 &&
                slice_ieq_cstr(field_words(r, inner), "yes"))
                return true;
    }
    return false;
}

static void read_status(struct reader *r, const struct atom_entry *entry)
{
    struct envelope envelope = {0};
    entry_bound(r, entry, &envelope);
    bool told = findings_have(&r->alert->findings, "envelope.status-unknown") ||
                findings_have(&r->alert->findings, "cap.contradiction");
    r->alert->status = told ? STATUS_NONE : envelope.status;
    if (r->alert->status != STATUS_NONE && is_draft(r))
        r->alert->status = STATUS_DRAFT;
    require(r, told || envelope.status != STATUS_NONE, "atom.status.missing",
            "no category of the scheme " SCHEME "status says whether it is Actual");
}

/* --- what the categories say of the info --- */

static unsigned code_of(struct reader *r, const struct atom_category *category,
                        const struct code_list *list)
{
    unsigned value = code_ifind(list, category->term);
    if (!value && category->term.len)
        reader_find(r, "atom.category.unknown", FINDING_WARNING, r->root,
                    "'%.*s' is not a value of '%.*s'; left out",
                    SLICE_ARG(text_clip(category->term, SHOWN_MAX)),
                    SLICE_ARG(text_clip(category->scheme, SHOWN_MAX)));
    return value;
}

static void add_parameter(struct reader *r, const struct atom_category *category,
                          struct cap_info *info)
{
    if (!category->term.len)
        return;
    struct cap_pair *pair =
        field_append(r, &info->parameters.items, &info->parameters.count, sizeof *pair);
    *pair = (struct cap_pair){
        .name = category->scheme.len ? category->scheme : SLICE("atom:category"),
        .value = category->term,
        .line = category->line,
    };
}

static void read_category(struct reader *r, const struct atom_category *category,
                          struct cap_info *info)
{
    struct slice part = scheme_part(category);
    unsigned value = 0;
    if (slice_eq_cstr(part, "severity")) {
        value = code_of(r, category, &codes_severity);
        info->severity = value ? (enum cap_severity)value : info->severity;
    } else if (slice_eq_cstr(part, "certainty")) {
        value = code_of(r, category, &codes_certainty);
        info->certainty = value ? (enum cap_certainty)value : info->certainty;
    } else if (slice_eq_cstr(part, "category")) {
        value = code_of(r, category, &codes_category);
        if (value) {
            enum cap_category *place =
                field_append(r, &info->categories, &info->category_count, sizeof *place);
            *place = (enum cap_category)value;
        }
    } else if (!slice_eq_cstr(part, "status")) {
        add_parameter(r, category, info);
    }
}

/* The last word of `ems.incident.fire.wildFire` or `incident/fire/wildFire`. */
static struct slice icon_word(const struct atom_entry *entry)
{
    for (size_t i = 0; i < entry->category_count; i++) {
        if (!slice_eq_cstr(scheme_part(&entry->categories[i]), "icon"))
            continue;
        struct slice term = entry->categories[i].term;
        size_t begin = term.len;
        while (begin > 0 && !strchr("./", term.ptr[begin - 1]))
            begin--;
        term = slice_sub(term, begin, term.len);
        if (!slice_ieq_cstr(term, "other"))
            return term;
    }
    return (struct slice){NULL, 0};
}

static void read_times(struct reader *r, struct cap_info *info)
{
    static const struct {
        const char *name;
        size_t offset;
    } times[] = {{"expires", offsetof(struct cap_info, expires)},
                 {"effective", offsetof(struct cap_info, effective)},
                 {"onset", offsetof(struct cap_info, onset)}};
    for (const xmlNode *child = r->root->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || !child->ns || !child->ns->href)
            continue;
        struct slice uri = slice_from_cstr((const char *)child->ns->href);
        if (!slice_eq_cstr(uri, AGE_NAMESPACE) && !slice_starts_with(uri, "masas:"))
            continue;
        for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
            struct cap_time *time = (struct cap_time *)((char *)info + times[i].offset);
            if (strcmp((const char *)child->name, times[i].name) != 0 || time->set)
                continue;
            *time = cap_time_parse_lenient(field_words(r, child));
            if (!time->set && time->text.len)
                reader_find(r, "cap.time.unreadable", FINDING_WARNING, child,
                            "'%.*s' is not a time", SLICE_ARG(text_clip(time->text, SHOWN_MAX)));
        }
    }
}

static void read_links(struct reader *r, const struct atom_entry *entry, struct cap_info *info)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        const struct atom_link *link = &entry->links[i];
        bool is_page = slice_eq_cstr(link->rel, "related") ||
                       slice_eq_cstr(link->rel, "alternate") || !link->rel.len;
        if (!link->href.len)
            continue;
        if (is_page && !info->web.len) {
            info->web = link->href;
        } else if (slice_eq_cstr(link->rel, "enclosure")) {
            struct cap_resource *resource =
                field_append(r, &info->resources, &info->resource_count, sizeof *resource);
            *resource = (struct cap_resource){
                .resource_desc = link->title.len ? link->title : SLICE("enclosure"),
                .mime_type = link->type.len ? link->type : SLICE("application/octet-stream"),
                .size = link->length,
                .uri = link->href,
                .line = entry->line,
            };
        }
    }
}

static struct cap_info shared_info(struct reader *r, const struct atom_entry *entry)
{
    struct cap_info info = {
        .urgency = URGENCY_UNKNOWN,
        .severity = SEVERITY_UNKNOWN,
        .certainty = CERTAINTY_UNKNOWN,
        .sender_name = entry->author.name,
        .contact = entry->author.email,
        .line = entry->line,
    };
    enum cap_response_type *monitor =
        field_append(r, &info.response_types, &info.response_type_count, sizeof *monitor);
    *monitor = RESPONSE_MONITOR;
    for (size_t i = 0; i < entry->category_count; i++)
        read_category(r, &entry->categories[i], &info);
    read_times(r, &info);
    read_links(r, entry, &info);
    struct cap_area area = entry->shape;
    area_describe(r->arena, &area);
    if (area.polygon_count || area.circle_count || area.unreadable_shapes) {
        info.areas = arena_alloc(r->arena, sizeof *info.areas);
        info.areas[0] = area;
        info.area_count = 1;
    } else {
        reader_find(r, "atom.area.missing", FINDING_WARNING, r->root, "the entry names no place");
    }
    return info;
}

/* --- one info for each language --- */

/* The icon's word is English; a title is of its own language. */
static struct slice event_of(const struct prose *prose, size_t i, struct slice icon)
{
    struct slice language = prose->items[i].language;
    struct slice title = prose->items[i].title;
    if (icon.len && (!language.len || slice_istarts_with(language, "en")))
        return icon;
    for (size_t k = 0; k < prose->count && !title.len; k++)
        title = prose->items[k].title;
    return title.len ? title : icon;
}

static struct slice language_code(struct slice language)
{
    if (slice_ieq_cstr(language, "en"))
        return SLICE("en-CA");
    return slice_ieq_cstr(language, "fr") ? SLICE("fr-CA") : language;
}

static void read_infos(struct reader *r, const struct atom_entry *entry)
{
    struct alert *alert = r->alert;
    struct prose prose;
    prose_read(r, &prose);
    struct cap_info shared = shared_info(r, entry);
    struct slice icon = icon_word(entry);
    alert->infos = arena_alloc_array(r->arena, prose.count, sizeof *alert->infos);
    alert->info_count = prose.count;
    for (size_t i = 0; i < prose.count; i++) {
        struct cap_info *info = &alert->infos[i];
        *info = shared;
        info->language = language_code(prose.items[i].language);
        info->headline = prose.items[i].title;
        info->description =
            prose.items[i].content.len ? prose.items[i].content : prose.items[i].summary;
        info->event = event_of(&prose, i, icon);
    }
    require(r, alert->infos[0].event.len, "atom.title.missing",
            "the entry has neither a title nor an icon: nothing says what it is about");
}

void incident_read(struct reader *r, const struct atom_entry *entry)
{
    struct alert *alert = r->alert;
    alert->form = FORM_ATOM_ENTRY;
    alert->line = reader_line(r, r->root);
    alert->msg_type = MSG_TYPE_ALERT;
    alert->scope = SCOPE_PUBLIC;
    alert->note = SLICE(NOTE);
    read_identity(r, entry);
    read_status(r, entry);
    read_infos(r, entry);
    reader_find(r, "atom.incident", FINDING_NOTE, r->root,
                "no CAP: incident information made from the entry; msgType Alert, scope Public, "
                "urgency Unknown and responseType Monitor are the relay's");
}

void incident_withdraw(struct reader *r, struct cap_time when)
{
    struct alert *alert = r->alert;
    alert->sent = when;
    for (size_t i = 0; i < alert->info_count; i++)
        alert->infos[i].expires = when;
    reader_find(r, "atom.deleted", FINDING_NOTE, r->root, "the entry was deleted: it is over");
}
