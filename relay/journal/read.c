/* What dedup and route ask of earlier messages; marks and receipts. */
#include "base/mem.h"
#include "journal/internal.h"

#include <zstd.h>

static enum cap_msg_type msg_type_of(struct slice name)
{
    for (int type = MSG_TYPE_ALERT; type <= MSG_TYPE_ERROR; type++)
        if (slice_eq_cstr(name, cap_msg_type_name((enum cap_msg_type)type)))
            return (enum cap_msg_type)type;
    return MSG_TYPE_NONE;
}

static enum err_code unpack(struct arena *arena, struct slice coding, int64_t size,
                            struct slice stored, struct slice *out, struct err *err)
{
    if (slice_eq_cstr(coding, "plain")) {
        *out = arena_copy(arena, stored);
        return OK;
    }
    char *bytes = arena_alloc(arena, (size_t)size + 1);
    size_t len = ZSTD_decompress(bytes, (size_t)size, stored.ptr, stored.len);
    if (ZSTD_isError(len) || len != (size_t)size)
        return err_set(err, ERR_IO, "stored bytes are damaged: %s",
                       ZSTD_isError(len) ? ZSTD_getErrorName(len) : "another size");
    *out = slice_of(bytes, len);
    return OK;
}

static struct identity identity_at(struct query *query, struct arena *arena, int column)
{
    return (struct identity){
        .class = alert_class_from_name(query_slice_at(query, column)),
        .sender = arena_copy(arena, query_slice_at(query, column + 1)),
        .identifier = arena_copy(arena, query_slice_at(query, column + 2)),
        .sent_s = query_int_at(query, column + 3),
    };
}

static enum err_code load_message(struct journal *journal, struct arena *arena, int64_t arrival,
                                  struct journal_known *out, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_KNOWN);
    query_int(&query, arrival);
    bool found = query_row(&query);
    if (found) {
        out->arrival = arrival;
        out->identity = identity_at(&query, arena, 0);
        out->msg_type = msg_type_of(query_slice_at(&query, 4));
        out->source = arena_copy(arena, query_slice_at(&query, 5));
        out->verdict = arena_copy(arena, query_slice_at(&query, 6));
        out->authority = arena_copy(arena, query_slice_at(&query, 7));
        out->content = query_digest_at(&query, 8);
        out->first_arrival = query_int_at(&query, 9);
    }
    enum err_code code = query_end(&query, "arrivals", err);
    if (code == OK && !found)
        code = err_set(err, ERR_NOT_FOUND, "no arrival %lld", (long long)arrival);
    return code;
}

static enum err_code load_bytes(struct journal *journal, struct arena *arena,
                                struct journal_known *out, struct err *err)
{
    struct query query;
    enum err_code code = OK;

    query_begin(&query, &journal->reader, SELECT_KNOWN_BYTES);
    query_int(&query, out->arrival);
    if (query_row(&query))
        code = unpack(arena, query_slice_at(&query, 0), query_int_at(&query, 1),
                      query_slice_at(&query, 2), &out->bytes, err);
    enum err_code end = query_end(&query, "originals", err);
    return end == OK ? code : end;
}

static enum err_code load_sent(struct journal *journal, struct arena *arena,
                               struct journal_known *out, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_SENT);
    query_int(&query, out->arrival);
    while (out->sent_count < JOURNAL_BULLETINS_MAX && query_row(&query)) {
        struct slice regions = arena_copy(arena, query_slice_at(&query, 2));
        size_t i = out->sent_count++;
        out->sent[i].side = side_from_name(query_slice_at(&query, 0));
        out->sent[i].seq = (uint64_t)query_int_at(&query, 1);
        out->sent[i].region_count = words_count(regions);
        out->sent[i].regions =
            arena_alloc_array(arena, out->sent[i].region_count, sizeof(struct slice));
        words_split(regions, out->sent[i].regions);
        out->sent[i].in_force = query_int_at(&query, 3) != 0;
        out->sent[i].until_s = query_int_at(&query, 4);
    }
    return query_end(&query, "bulletins", err);
}

static enum err_code load_references(struct journal *journal, struct arena *arena,
                                     struct journal_known *out, struct err *err)
{
    struct query query;
    size_t capacity = 0;

    query_begin(&query, &journal->reader, SELECT_REFERENCES);
    query_int(&query, out->arrival);
    while (query_row(&query)) {
        out->references = arena_grow(arena, out->references, out->reference_count, &capacity,
                                     sizeof *out->references);
        out->references[out->reference_count++] = identity_at(&query, arena, 0);
    }
    return query_end(&query, "references", err);
}

/* All but the bytes. */
static enum err_code load_known(struct journal *journal, struct arena *arena, int64_t arrival,
                                struct journal_known *out, struct err *err)
{
    *out = (struct journal_known){0};
    enum err_code code = load_message(journal, arena, arrival, out, err);
    if (code == OK)
        code = load_sent(journal, arena, out, err);
    if (code == OK)
        code = load_references(journal, arena, out, err);
    return code;
}

enum err_code journal_find_arrival(struct journal *journal, struct arena *arena, int64_t arrival,
                                   struct journal_known *out, struct err *err)
{
    enum err_code code = load_known(journal, arena, arrival, out, err);

    return code == OK ? load_bytes(journal, arena, out, err) : code;
}

static void bind_identity(struct query *query, const struct identity *identity)
{
    query_text(query, slice_present(identity->identifier));
    query_text(query, slice_present(identity->sender));
    query_int(query, identity->sent_s);
    query_name(query, alert_class_name(identity->class));
}

/* The one arrival of the rows; ends the query. */
static enum err_code one_arrival(struct query *query, int64_t *arrival, struct err *err)
{
    bool found = query_row(query);

    if (found)
        *arrival = query_int_at(query, 0);
    enum err_code code = query_end(query, "arrivals", err);
    return code == OK && !found ? err_set(err, ERR_NOT_FOUND, "no such message") : code;
}

static enum err_code find_by(struct journal *journal, enum statement statement,
                             const struct identity *identity, int64_t *arrival, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, statement);
    bind_identity(&query, identity);
    return one_arrival(&query, arrival, err);
}

enum err_code journal_find(struct journal *journal, struct arena *arena,
                           const struct identity *identity, struct journal_known *out,
                           struct err *err)
{
    int64_t arrival = 0;
    enum err_code code = find_by(journal, FIND_IDENTITY, identity, &arrival, err);

    return code == OK ? journal_find_arrival(journal, arena, arrival, out, err) : code;
}

enum err_code journal_find_reference(struct journal *journal, struct arena *arena,
                                     const struct identity *identity, struct journal_known *out,
                                     struct err *err)
{
    int64_t arrival = 0;
    enum err_code code = find_by(journal, FIND_IDENTITY, identity, &arrival, err);

    if (code == ERR_NOT_FOUND)
        code = find_by(journal, FIND_REFERENCE, identity, &arrival, err);
    return code == OK ? journal_find_arrival(journal, arena, arrival, out, err) : code;
}

enum err_code journal_find_content(struct journal *journal, struct arena *arena,
                                   const struct identity *identity, const struct digest *content,
                                   int64_t *arrival, struct err *err)
{
    struct query query;

    (void)arena;
    query_begin(&query, &journal->reader, FIND_CONTENT);
    bind_identity(&query, identity);
    query_digest(&query, content);
    return one_arrival(&query, arrival, err);
}

/* Loads the message of every row; the rows are read first, since loading is other statements. */
static enum err_code load_all(struct journal *journal, struct arena *arena, struct query *query,
                              struct journal_known *out, size_t max, size_t *count, struct err *err)
{
    int64_t *arrivals = arena_alloc_array(arena, max, sizeof *arrivals);
    size_t found = 0;

    while (found < max && query_row(query))
        arrivals[found++] = query_int_at(query, 0);
    enum err_code code = query_end(query, "arrivals", err);
    for (*count = 0; code == OK && *count < found; (*count)++)
        code = load_known(journal, arena, arrivals[*count], &out[*count], err);
    return code;
}

enum err_code journal_find_all(struct journal *journal, struct arena *arena,
                               const struct identity *identity, struct journal_known *out,
                               size_t max, size_t *count, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, FIND_ALL);
    bind_identity(&query, identity);
    query_int(&query, (int64_t)max);
    return load_all(journal, arena, &query, out, max, count, err);
}

enum err_code journal_find_secondary(struct journal *journal, struct arena *arena,
                                     enum alert_class class, struct slice key,
                                     struct journal_known *out, size_t max, size_t *count,
                                     struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, FIND_SECONDARY);
    query_text(&query, slice_present(key));
    query_name(&query, alert_class_name(class));
    query_int(&query, (int64_t)max);
    return load_all(journal, arena, &query, out, max, count, err);
}

enum err_code journal_find_referencing(struct journal *journal, struct arena *arena,
                                       const struct identity *identity, struct journal_known *out,
                                       size_t max, size_t *count, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, FIND_REFERENCING);
    bind_identity(&query, identity);
    query_int(&query, (int64_t)max);
    return load_all(journal, arena, &query, out, max, count, err);
}

enum err_code journal_find_receipt(struct journal *journal, struct arena *arena,
                                   struct slice authority, const struct digest *digest,
                                   struct slice *out, struct err *err)
{
    return store_receipt(&journal->reader, arena, authority, digest, out, err);
}

enum err_code journal_mark(struct journal *journal, struct arena *arena, struct slice source,
                           struct slice key, struct slice *value, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_MARK);
    query_text(&query, slice_present(source));
    query_text(&query, slice_present(key));
    bool found = query_row(&query);
    if (found)
        *value = arena_copy(arena, query_slice_at(&query, 0));
    enum err_code code = query_end(&query, "marks", err);
    return code == OK && !found ? err_set(err, ERR_NOT_FOUND, "no such mark") : code;
}

enum err_code journal_has_signed(struct journal *journal, struct slice identifier, bool *out,
                                 struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_SIGNED);
    query_text(&query, slice_present(identifier));
    *out = query_row(&query);
    return query_end(&query, "arrivals", err);
}

enum err_code journal_get_bytes(struct journal *journal, struct arena *arena,
                                enum alert_class class, const struct digest *digest,
                                struct slice *out, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_ORIGINAL);
    query_digest(&query, digest);
    query_name(&query, alert_class_name(class));
    bool found = query_row(&query);
    enum err_code code = OK;
    if (found)
        code = unpack(arena, query_slice_at(&query, 0), query_int_at(&query, 1),
                      query_slice_at(&query, 2), out, err);
    enum err_code end = query_end(&query, "originals", err);
    if (end != OK)
        return end;
    return found ? code : err_set(err, ERR_NOT_FOUND, "no published message has these bytes");
}
