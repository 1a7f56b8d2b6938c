#include "dedup/known.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

/* One place of an entry in flight in the table: under its identity, its secondary key, each
 * reference. */
struct posting {
    struct flight *flight;
    struct posting *next; /* older */
    struct posting *next_of_flight;
    struct slice key;
};

/* Lives in the arena of its entry. */
struct flight {
    struct known_message message;
    struct slice secondary_key;
    struct posting *postings;
};

struct known {
    struct journal *journal;
    const struct parser *parser;
    struct map *table; /* key -> struct posting, newest first */
    size_t count;
    struct err trouble;
};

struct known *known_create(struct journal *journal, const struct parser *parser)
{
    struct known *known = mem_alloc(sizeof(*known));
    known->journal = journal;
    known->parser = parser;
    known->table = map_create();
    return known;
}

void known_destroy(struct known *known)
{
    if (!known)
        return;
    map_destroy(known->table, NULL);
    free(known);
}

size_t known_in_flight(const struct known *known)
{
    return known->count;
}

/* --- keys: a letter for the kind, then the bytes --- */

static struct slice key_of(struct arena *arena, char kind, struct slice bytes)
{
    char *text = arena_alloc(arena, bytes.len + 1);
    text[0] = kind;
    memcpy(text + 1, bytes.ptr, bytes.len);
    return slice_of(text, bytes.len + 1);
}

static struct slice key_of_identity(struct arena *arena, char kind, const struct identity *identity)
{
    return key_of(arena, kind, identity_key(arena, identity));
}

static struct slice key_of_secondary(struct arena *arena, enum alert_class class, struct slice key)
{
    return arena_printf(arena, "S%d:%.*s", (int)class, SLICE_ARG(key));
}

static struct slice key_of_arrival(struct arena *arena, int64_t arrival)
{
    return key_of(arena, 'A', slice_of(&arrival, sizeof(arrival)));
}

/* --- the table --- */

static void post(struct known *known, struct arena *arena, struct flight *flight, struct slice key)
{
    struct posting *posting = arena_alloc(arena, sizeof(*posting));
    posting->flight = flight;
    posting->key = key;
    posting->next_of_flight = flight->postings;
    flight->postings = posting;
    posting->next = map_put(known->table, key, posting);
}

static void unpost(struct known *known, struct posting *posting)
{
    struct posting *head = map_get(known->table, posting->key);
    if (head == posting) {
        if (posting->next)
            map_put(known->table, posting->key, posting->next);
        else
            map_remove(known->table, posting->key);
        return;
    }
    while (head && head->next != posting)
        head = head->next;
    if (head)
        head->next = posting->next;
}

static struct journal_known row_of(struct arena *arena, const struct journal_entry *entry)
{
    struct journal_known row = {0};
    row.arrival = entry->arrival;
    row.identity = entry->identity;
    row.msg_type = entry->msg_type;
    row.source = entry->source;
    row.verdict = entry->verdict;
    row.authority = entry->authority;
    row.content = entry->content;
    row.bytes = entry->bytes;
    row.first_arrival = entry->first_arrival;
    row.reference_count = entry->reference_count;
    row.references = arena_alloc_array(arena, entry->reference_count, sizeof(*row.references));
    for (size_t i = 0; i < entry->reference_count; i++)
        row.references[i] = entry->references[i];
    row.sent_count = entry->bulletin_count;
    for (size_t i = 0; i < entry->bulletin_count; i++) {
        const struct journal_bulletin *bulletin = &entry->bulletins[i];
        row.sent[i].side = bulletin->side;
        row.sent[i].region_count = bulletin->region_count;
        row.sent[i].regions =
            arena_alloc_array(arena, bulletin->region_count, sizeof(*row.sent[i].regions));
        for (size_t k = 0; k < bulletin->region_count; k++)
            row.sent[i].regions[k] = bulletin->regions[k];
        row.sent[i].until_s = bulletin->in_force_until_s;
        row.sent[i].in_force = bulletin->in_force_until_s != 0;
    }
    return row;
}

/* What nobody was told of, and may yet be told by another source. */
static bool leaves_no_trace(struct slice verdict)
{
    return slice_eq_cstr(verdict, "refused") || slice_eq_cstr(verdict, "loop") ||
           slice_eq_cstr(verdict, "unreadable") || slice_eq_cstr(verdict, "not-published");
}

static bool is_plain_copy(const struct journal_entry *entry)
{
    return slice_eq_cstr(entry->verdict, "duplicate") &&
           !slice_eq_cstr(entry->reason, "secondary-key");
}

static bool is_merged(const struct journal_known *row)
{
    return slice_eq_cstr(row->verdict, "duplicate");
}

void known_add(struct known *known, struct journal_entry *entry, const struct alert *alert)
{
    struct arena *arena = entry->arena;
    struct flight *flight = arena_alloc(arena, sizeof(*flight));
    flight->message.row = row_of(arena, entry);
    flight->message.alert = alert;
    known->count++;
    post(known, arena, flight, key_of_arrival(arena, entry->arrival));
    if (!entry->has_identity || leaves_no_trace(entry->verdict) || is_plain_copy(entry))
        return;
    post(known, arena, flight, key_of_identity(arena, 'I', &entry->identity));
    for (size_t i = 0; i < entry->reference_count; i++)
        post(known, arena, flight, key_of_identity(arena, 'R', &entry->references[i]));
    if (!slice_is_empty(entry->secondary_key) && entry->bulletin_count)
        post(known, arena, flight,
             key_of_secondary(arena, entry->identity.class, entry->secondary_key));
}

void known_remove(struct known *known, int64_t arrival)
{
    struct arena *scratch = arena_create();
    struct posting *posting = map_get(known->table, key_of_arrival(scratch, arrival));
    arena_destroy(scratch);
    if (!posting)
        return;
    known->count--;
    for (posting = posting->flight->postings; posting; posting = posting->next_of_flight)
        unpost(known, posting);
}

/* --- asking: the journal has what is older, the table what is newer --- */

static void note_trouble(struct known *known, enum err_code code, const struct err *err)
{
    if (code != OK && code != ERR_NOT_FOUND)
        known->trouble = *err;
}

bool known_trouble(struct known *known, struct err *err)
{
    if (known->trouble.code == OK)
        return false;
    *err = known->trouble;
    known->trouble = (struct err){0};
    return true;
}

static bool has_arrival(const struct known_message *messages, size_t count, int64_t arrival)
{
    for (size_t i = 0; i < count; i++)
        if (messages[i].row.arrival == arrival)
            return true;
    return false;
}

/* Keeps those that left a trace; an entry that was committed but not yet collected stands in both.
 */
static size_t take_rows(struct known_message *out, size_t count, size_t max,
                        const struct journal_known *rows, size_t row_count)
{
    for (size_t i = 0; i < row_count && count < max; i++)
        if (!leaves_no_trace(rows[i].verdict) && !has_arrival(out, count, rows[i].arrival))
            out[count++] = (struct known_message){.row = rows[i]};
    return count;
}

static size_t take_postings(const struct known *known, struct slice key, struct known_message *out,
                            size_t max)
{
    size_t count = 0;
    for (struct posting *at = map_get(known->table, key); at && count < max; at = at->next)
        out[count++] = at->flight->message;
    return count;
}

static bool find_arrival(struct known *known, struct arena *arena, int64_t arrival,
                         struct known_message *out)
{
    if (take_postings(known, key_of_arrival(arena, arrival), out, 1))
        return true;
    struct err err = {0};
    *out = (struct known_message){0};
    enum err_code code = journal_find_arrival(known->journal, arena, arrival, &out->row, &err);
    note_trouble(known, code, &err);
    return code == OK;
}

static int by_arrival(const void *a, const void *b)
{
    int64_t x = ((const struct known_message *)a)->row.arrival;
    int64_t y = ((const struct known_message *)b)->row.arrival;
    return (x > y) - (x < y);
}

/* A merged message leads to the one that was relayed in its place. */
static void follow_merges(struct known *known, struct arena *arena, struct known_message *messages,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct known_message first;
        if (is_merged(&messages[i].row) && messages[i].row.first_arrival &&
            find_arrival(known, arena, messages[i].row.first_arrival, &first)) {
            first.merged_sender = messages[i].row.identity.sender;
            messages[i] = first;
        }
    }
}

size_t known_find(struct known *known, struct arena *arena, const struct identity *identity,
                  struct known_message *out, size_t max)
{
    struct err err = {0};
    size_t row_count = 0;
    struct journal_known *rows = arena_alloc_array(arena, max, sizeof(*rows));
    note_trouble(known,
                 journal_find_all(known->journal, arena, identity, rows, max, &row_count, &err),
                 &err);
    size_t count = take_postings(known, key_of_identity(arena, 'I', identity), out, max);
    count = take_rows(out, count, max, rows, row_count);
    qsort(out, count, sizeof(*out), by_arrival);
    follow_merges(known, arena, out, count);
    return count;
}

static bool went_somewhere(const struct known_message *message)
{
    return message->row.sent_count > 0;
}

size_t known_find_secondary(struct known *known, struct arena *arena, enum alert_class class,
                            struct slice key, struct known_message *out, size_t max)
{
    struct err err = {0};
    size_t row_count = 0;
    struct journal_known *rows = arena_alloc_array(arena, max, sizeof(*rows));
    note_trouble(
        known,
        journal_find_secondary(known->journal, arena, class, key, rows, max, &row_count, &err),
        &err);
    size_t count = take_postings(known, key_of_secondary(arena, class, key), out, max);
    count = take_rows(out, count, max, rows, row_count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (went_somewhere(&out[i]))
            out[kept++] = out[i];
    return kept;
}

size_t known_find_referencing(struct known *known, struct arena *arena,
                              const struct identity *identity, struct known_message *out,
                              size_t max)
{
    struct err err = {0};
    size_t row_count = 0;
    struct journal_known *rows = arena_alloc_array(arena, max, sizeof(*rows));
    note_trouble(
        known,
        journal_find_referencing(known->journal, arena, identity, rows, max, &row_count, &err),
        &err);
    size_t count = take_postings(known, key_of_identity(arena, 'R', identity), out, max);
    return take_rows(out, count, max, rows, row_count);
}

/* The journal gives the bytes only where one message is asked for. */
static void load_bytes(struct known *known, struct arena *arena, struct journal_known *row)
{
    struct err err = {0};
    struct journal_known whole;
    if (row->bytes.ptr)
        return;
    enum err_code code = journal_find_arrival(known->journal, arena, row->arrival, &whole, &err);
    note_trouble(known, code, &err);
    if (code == OK)
        row->bytes = whole.bytes;
}

const struct alert *known_alert(struct known *known, struct arena *arena,
                                struct known_message *message)
{
    if (message->alert)
        return message->alert;
    load_bytes(known, arena, &message->row);
    struct parsed parsed = parser_read(known->parser, arena, message->row.bytes);
    for (size_t i = 0; i < parsed.count && !message->alert; i++) {
        struct identity identity = identity_of(parsed.alerts[i], message->row.identity.class);
        if (identity_eq(&identity, &message->row.identity))
            message->alert = parsed.alerts[i];
    }
    return message->alert;
}
