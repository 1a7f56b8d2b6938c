/* What of a page of the feed is new: where each message is, or the entry as a document. */
#include "adapters/atom/source.h"
#include "adapters/seen.h"

enum {
    /* What the loop can bear in one turn: for each the journal is asked. */
    TAKEN_PER_TURN = 64,
    TAKEN_BYTES_PER_TURN = 1024 * 1024
};

/* A name for what was seen: texts of any length, none of which can run into the next. */
static struct slice make_key(struct arena *arena, struct slice what, struct slice version)
{
    struct slice text = arena_printf(arena, "%.*s\n%.*s", SLICE_ARG(version), SLICE_ARG(what));
    struct digest digest = digest_of(text);
    char hex[2 * sizeof digest.bytes + 1];
    hex_encode(digest.bytes, sizeof digest.bytes, hex);
    return arena_copy(arena, slice_from_cstr(hex));
}

/* Whether it is to be added. */
static bool is_new(struct atom_source *source, struct slice key)
{
    if (listed_see(&source->gather.list, key))
        return false;
    if (!seen_before(source->host, key))
        return true;
    listed_add(&source->gather.list, key, LISTED_SETTLED);
    return false;
}

static void add_document(struct atom_source *source, struct slice key, struct slice document,
                         int64_t updated_s)
{
    if (document.ptr) /* poll.c has seen to it */
        listed_add_fresh(&source->gather.list, key, (struct slice){0}, document, updated_s);
}

static int64_t updated_of(const struct atom_entry *entry)
{
    return entry->updated.set ? entry->updated.utc_s : 0;
}

static struct slice document_of(struct atom_source *source, struct arena *arena,
                                const struct atom_feed *feed, const struct atom_entry *entry)
{
    struct slice document = atom_document(arena, feed, entry);
    source->page.turn_bytes += document.len;
    hub_access_blot(&source->access, document);
    return document;
}

/* The entry itself. One without a version is told from others by what it says. */
static void take_entry(struct atom_source *source, struct arena *arena,
                       const struct atom_feed *feed, const struct atom_entry *entry)
{
    struct slice document = document_of(source, arena, feed, entry);
    bool named = entry->id.len && entry->version.len;
    struct slice key = make_key(arena, named ? entry->id : document, entry->version);
    if (is_new(source, key))
        add_document(source, key, document, updated_of(entry));
}

/* A link that is not followed: the entry goes on in its place, and intake says what it lacks. */
static void refuse_link(struct atom_source *source, struct arena *arena,
                        const struct atom_feed *feed, const struct atom_entry *entry,
                        struct slice url)
{
    struct slice shown = url.ptr ? http_url_shown(arena, url) : SLICE("(not a URL)");
    source->elsewhere++;
    struct slice key = make_key(arena, entry->id, entry->version);
    if (!is_new(source, key))
        return;
    host_log(source->host, LOG_LEVEL_WARNING, "atom.elsewhere",
             "id=%s url=%s reason=\"the entry leads where fetch_from does not\"",
             log_quote(entry->id).text, log_quote(shown).text);
    add_document(source, key, document_of(source, arena, feed, entry), updated_of(entry));
}

/* By its address, not by the entry: several entries, one for each area, may lead to one message. */
static void take_link(struct atom_source *source, struct arena *arena, const struct atom_feed *feed,
                      const struct atom_entry *entry, const struct atom_link *link,
                      struct slice page)
{
    struct slice url = http_url_join(arena, page, link->href);
    if (!url.ptr || !atom_may_fetch(source, url)) {
        refuse_link(source, arena, feed, entry, url);
        return;
    }
    struct slice key = make_key(arena, url, entry->version);
    if (is_new(source, key))
        listed_add_fresh(&source->gather.list, key, url, (struct slice){0}, updated_of(entry));
}

/* An incident that is gone ends; a list of links may drop what it likes. What a hub deletes and
 * this run of the relay never saw goes on too: somebody has to see to it. */
static void take_deleted(struct atom_source *source, struct arena *arena,
                         const struct atom_feed *feed, const struct atom_deleted *deleted)
{
    struct slice last = atom_incidents_find(&source->incidents, deleted->id);
    struct slice key =
        make_key(arena, deleted->id, arena_printf(arena, "deleted %.*s", SLICE_ARG(deleted->when)));
    bool matters = last.ptr || source->hub != ATOM_PLAIN;
    if (!deleted->id.len || !matters || !is_new(source, key))
        return;
    struct slice document = atom_deleted_document(arena, feed, deleted, last);
    source->page.turn_bytes += document.len;
    struct cap_time when = cap_time_parse_lenient(deleted->when);
    hub_access_blot(&source->access, document);
    host_log(source->host, LOG_LEVEL_INFO, "atom.deleted", "id=%s last_version=%s",
             log_quote(deleted->id).text, last.ptr ? "known" : "unknown");
    add_document(source, key, document, when.set ? when.utc_s : 0);
}

static void keep_incident(struct atom_source *source, const struct atom_entry *entry)
{
    if (entry->is_incident && entry->id.len &&
        !atom_incidents_keep(&source->incidents, entry->id, entry->bytes))
        host_log(source->host, LOG_LEVEL_WARNING, "atom.incidents",
                 "id=%s reason=\"too many to remember: if it is deleted, it stands until it "
                 "expires\"",
                 log_quote(entry->id).text);
}

/* --- a page --- */

bool atom_may_take(const struct atom_source *source)
{
    return !source->gather.paused && source->gather.list.bytes < ATOM_HELD_BYTES_MAX;
}

void atom_take_stop(struct atom_source *source)
{
    arena_destroy(source->page.arena);
    source->page = (struct atom_page){0};
}

/* A link of the entry, or the entry itself once no link was one to its message. */
static void take_of_entry(struct atom_source *source, struct arena *arena)
{
    struct atom_page *page = &source->page;
    const struct atom_entry *entry = &page->feed.entries[page->entry];
    if (page->link == 0)
        keep_incident(source, entry);
    if (page->link < entry->link_count) {
        const struct atom_link *link = &entry->links[page->link++];
        if (atom_is_message_link(entry, link)) {
            take_link(source, arena, &page->feed, entry, link, page->url);
            page->linked = true;
        }
    }
    if (page->link < entry->link_count)
        return;
    if (!page->linked)
        take_entry(source, arena, &page->feed, entry);
    page->entry++;
    page->link = 0;
    page->linked = false;
}

/* False at the end. */
static bool take_one(struct atom_source *source, struct arena *arena)
{
    struct atom_page *page = &source->page;
    if (page->deleted < page->feed.deleted_count)
        take_deleted(source, arena, &page->feed, &page->feed.deleted[page->deleted++]);
    else if (page->entry < page->feed.count)
        take_of_entry(source, arena);
    else
        return false;
    return true;
}

bool atom_take_some(struct atom_source *source)
{
    struct arena *arena = arena_create(); /* not the page's: what a turn made goes with it */
    bool more = true;
    source->page.turn_bytes = 0;
    for (int i = 0; more && i < TAKEN_PER_TURN && atom_may_take(source) &&
                    source->page.turn_bytes < TAKEN_BYTES_PER_TURN;
         i++)
        more = take_one(source, arena);
    arena_destroy(arena);
    if (more)
        return false;
    if (source->page.feed.left_out > 0)
        host_log(source->host, LOG_LEVEL_ERROR, "atom.left-out",
                 "count=%zu reason=\"a page has more than %d entries; bbox can narrow it\"",
                 source->page.feed.left_out, ATOM_ENTRIES_MAX);
    atom_take_stop(source);
    return true;
}

static bool names_cap(struct slice body)
{
    return slice_find(body, "urn:oasis:names:tc:emergency:cap:1.") >= 0 ||
           slice_find(body, "http://www.incident.com/cap/1.0") >= 0;
}

bool atom_take_whole(struct atom_source *source, struct arena *arena, struct slice body)
{
    if (!names_cap(body))
        return false;
    struct slice key = make_key(arena, body, SLICE("whole"));
    struct slice copy = arena_copy(arena, body);
    hub_access_blot(&source->access, copy);
    if (is_new(source, key))
        add_document(source, key, copy, 0);
    return true;
}
