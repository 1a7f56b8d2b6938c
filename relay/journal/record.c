/* One group of entries as one transaction: stored, numbered, linked, sealed. */
#include "base/mem.h"
#include "journal/internal.h"

#include <zstd.h>

/* Under this zstd gains nothing worth a decompression. */
enum { PLAIN_MAX_BYTES = 256, COMPRESSION_LEVEL = 1 };
/* An 8 MiB original, a derived message as large, and the header. */
enum { FRAME_MAX_BYTES = 40 * 1024 * 1024, WORDS_MAX_BYTES = 1024 * 1024 };

void recorder_init(struct recorder *recorder, struct store *store,
                   const struct journal_hooks *hooks, const struct clock *clock)
{
    *recorder = (struct recorder){.store = store, .hooks = hooks, .clock = clock};
    buf_init(&recorder->frame, FRAME_MAX_BYTES);
    buf_init(&recorder->packed, FRAME_MAX_BYTES);
    buf_init(&recorder->regions, WORDS_MAX_BYTES);
    buf_init(&recorder->topics, WORDS_MAX_BYTES);
    recorder->compressor = ZSTD_createCCtx();
}

void recorder_fini(struct recorder *recorder)
{
    buf_fini(&recorder->frame);
    buf_fini(&recorder->packed);
    buf_fini(&recorder->regions);
    buf_fini(&recorder->topics);
    ZSTD_freeCCtx(recorder->compressor);
}

static enum err_code insert_arrival(struct store *store, const struct journal_entry *entry,
                                    struct err *err)
{
    struct query query;
    const struct identity *identity = &entry->identity;
    const struct slice none = {0};
    bool known = entry->has_identity;

    query_begin(&query, store, INSERT_ARRIVAL);
    query_int(&query, entry->arrival);
    query_int(&query, entry->received_us);
    query_text(&query, slice_present(entry->source));
    query_text(&query, entry->authority);
    query_name(&query, alert_class_name(entry->class));
    query_text(&query, slice_present(entry->verdict));
    query_text(&query, entry->reason);
    query_text(&query, entry->detail);
    query_text(&query, known ? identity->sender : none);
    query_text(&query, known ? identity->identifier : none);
    if (known)
        query_int(&query, identity->sent_s);
    else
        query_optional(&query, 0);
    query_name(&query, cap_msg_type_name(entry->msg_type));
    query_name(&query, cap_status_name(entry->status));
    query_text(&query, entry->event);
    query_digest(&query, &entry->digest);
    if (known)
        query_digest(&query, &entry->content);
    else
        query_optional(&query, 0);
    query_text(&query, entry->secondary_key);
    query_optional(&query, entry->first_arrival);
    query_text(&query, entry->notes_json);
    return query_run(&query, "arrivals", err);
}

/* The smaller of the two forms; what cannot be compressed is stored as it is. */
static struct slice pack(struct recorder *recorder, struct slice bytes)
{
    buf_reset(&recorder->packed);
    if (bytes.len < PLAIN_MAX_BYTES)
        return bytes;
    size_t bound = ZSTD_compressBound(bytes.len);
    char *room = buf_reserve(&recorder->packed, bound);
    if (!room)
        return bytes;
    size_t len = ZSTD_compressCCtx(recorder->compressor, room, bound, bytes.ptr, bytes.len,
                                   COMPRESSION_LEVEL);
    return ZSTD_isError(len) || len >= bytes.len ? bytes : slice_of(room, len);
}

static enum err_code insert_original(struct recorder *recorder, const struct journal_entry *entry,
                                     struct err *err)
{
    struct query query;
    struct slice packed = pack(recorder, entry->bytes);

    query_begin(&query, recorder->store, INSERT_ORIGINAL);
    query_int(&query, entry->arrival);
    query_name(&query, packed.ptr == entry->bytes.ptr ? "plain" : "zstd");
    query_int(&query, (int64_t)entry->bytes.len);
    query_blob(&query, packed);
    return query_run(&query, "originals", err);
}

static enum err_code insert_references(struct store *store, const struct journal_entry *entry,
                                       struct err *err)
{
    enum err_code code = OK;

    for (size_t i = 0; code == OK && i < entry->reference_count; i++) {
        const struct identity *target = &entry->references[i];
        struct query query;
        query_begin(&query, store, INSERT_REFERENCE);
        query_int(&query, entry->arrival);
        query_name(&query, alert_class_name(target->class));
        query_text(&query, slice_present(target->sender));
        query_text(&query, slice_present(target->identifier));
        query_int(&query, target->sent_s);
        code = query_run(&query, "references", err);
    }
    return code;
}

static enum err_code end_bulletins(struct store *store, const struct journal_entry *entry,
                                   struct err *err)
{
    enum err_code code = OK;

    for (size_t i = 0; code == OK && i < entry->ends_count; i++) {
        struct query query;
        query_begin(&query, store, END_BULLETINS);
        query_int(&query, entry->arrival);
        query_int(&query, entry->ends[i]);
        code = query_run(&query, "ends", err);
    }
    return code;
}

static enum err_code insert_mark(struct store *store, struct slice source, struct slice key,
                                 struct slice value, struct err *err)
{
    struct query query;

    if (!key.ptr)
        return OK;
    query_begin(&query, store, INSERT_MARK);
    query_text(&query, slice_present(source));
    query_text(&query, key);
    query_text(&query, slice_present(value));
    return query_run(&query, "marks", err);
}

static enum err_code insert_pending(struct recorder *recorder, struct err *err)
{
    enum err_code code = OK;

    for (const struct pending_mark *mark = recorder->marks; mark && code == OK; mark = mark->next)
        code = insert_mark(recorder->store, slice_from_cstr(mark->source),
                           slice_from_cstr(mark->key), slice_from_cstr(mark->value), err);
    return code;
}

static enum err_code record_entry(struct recorder *recorder, struct journal_entry *const *group,
                                  size_t count, struct journal_entry *entry, struct err *err)
{
    struct store *store = recorder->store;

    enum err_code code = insert_arrival(store, entry, err);
    if (code == OK)
        code = insert_original(recorder, entry, err);
    if (code == OK)
        code = insert_references(store, entry, err);
    if (code == OK)
        code = end_bulletins(store, entry, err);
    if (code == OK)
        code = recorder_number(recorder, group, count, entry, err);
    if (code == OK)
        code = insert_mark(store, entry->source, entry->mark_key, entry->mark_value, err);
    return code;
}

/* What the storage refuses or the hooks do: the one is tried again, the other is the entry's own.
 */
static bool is_storage(enum err_code code, bool in_hook)
{
    return !in_hook && code != ERR_INVALID && code != ERR_LIMIT;
}

enum err_code recorder_commit(struct recorder *recorder, struct journal_entry *const *entries,
                              size_t count, struct journal_entry **culprit, struct err *err)
{
    struct query query;

    *culprit = NULL;
    query_begin(&query, recorder->store, BEGIN_WRITE);
    enum err_code code = query_run(&query, "begin", err);
    for (int class = CLASS_ACTUAL; code == OK && class <= CLASS_EXERCISE; class ++)
        code = store_head(recorder->store, (enum alert_class) class, &recorder->heads[class], err);
    for (size_t i = 0; code == OK && i < count; i++) {
        recorder->in_hook = false;
        code = record_entry(recorder, entries, count, entries[i], err);
        if (code != OK && !is_storage(code, recorder->in_hook))
            *culprit = entries[i];
    }
    if (code == OK)
        code = insert_pending(recorder, err);
    if (code != OK)
        return code;
    query_begin(&query, recorder->store, COMMIT_WRITE);
    return query_run(&query, "commit", err);
}

static enum err_code recover_entry(struct store *store, struct journal_entry *entry,
                                   struct err *err)
{
    struct query query;

    query_begin(&query, store, SELECT_NUMBERS);
    query_int(&query, entry->arrival);
    for (size_t i = 0; query_row(&query) && i < entry->bulletin_count; i++) {
        entry->bulletins[i].seq = (uint64_t)query_int_at(&query, 0);
        entry->bulletins[i].chain = query_digest_at(&query, 1);
    }
    enum err_code code = query_end(&query, "numbers", err);
    if (code == OK && entry->authority.ptr)
        code = store_receipt(store, entry->arena, entry->authority, &entry->digest, &entry->receipt,
                             err);
    return code == ERR_NOT_FOUND ? OK : code;
}

enum err_code recorder_recover(struct recorder *recorder, struct journal_entry *const *entries,
                               size_t count, bool *committed, struct err *err)
{
    struct query query;

    /* A transaction is there as a whole or not at all: one of its entries tells. Marks alone are
     * simply stored again. */
    *committed = false;
    if (count == 0)
        return OK;
    query_begin(&query, recorder->store, SELECT_ARRIVAL_EXISTS);
    query_int(&query, entries[0]->arrival);
    *committed = query_row(&query);
    enum err_code code = query_end(&query, "recover", err);
    for (size_t i = 0; code == OK && *committed && i < count; i++)
        code = recover_entry(recorder->store, entries[i], err);
    return code;
}
