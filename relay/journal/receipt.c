/* The receipt of an entry: what its authority is told, and told again. */
#include "journal/internal.h"

enum { RECEIPT_MAX_BYTES = 4 * 1024 * 1024 };

enum err_code store_receipt(struct store *store, struct arena *arena, struct slice authority,
                            const struct digest *digest, struct slice *out, struct err *err)
{
    struct query query;

    query_begin(&query, store, SELECT_RECEIPT);
    query_text(&query, authority);
    query_digest(&query, digest);
    bool found = query_row(&query);
    if (found)
        *out = arena_copy(arena, query_slice_at(&query, 0));
    enum err_code code = query_end(&query, "receipt", err);
    return code == OK && !found ? err_set(err, ERR_NOT_FOUND, "no receipt for these bytes") : code;
}

static const struct slice *take_words(struct arena *arena, struct slice text, size_t *count)
{
    *count = words_count(text);
    struct slice *words = arena_alloc_array(arena, *count, sizeof *words);
    words_split(arena_copy(arena, text), words);
    return words;
}

/* When it arrived its first may have been waiting for its numbers still: now they are there. */
static enum err_code read_first(struct store *store, struct journal_entry *entry, struct err *err)
{
    struct query query;

    entry->first_count = 0;
    if (!entry->first_arrival || entry->bulletin_count)
        return OK;
    query_begin(&query, store, SELECT_FIRST);
    query_int(&query, entry->first_arrival);
    while (query_row(&query)) {
        struct journal_bulletin *first = &entry->first[entry->first_count++];
        *first = (struct journal_bulletin){
            .seq = (uint64_t)query_int_at(&query, 0),
            .side = side_from_name(query_slice_at(&query, 1)),
            .derived_identifier = arena_copy(entry->arena, query_slice_at(&query, 4)),
        };
        first->regions = take_words(entry->arena, query_slice_at(&query, 2), &first->region_count);
        first->topics = take_words(entry->arena, query_slice_at(&query, 3), &first->topic_count);
    }
    return query_end(&query, "the first's bulletins", err);
}

static enum err_code make_receipt(struct recorder *recorder, struct journal_entry *entry,
                                  struct err *err)
{
    const struct journal_hooks *hooks = recorder->hooks;
    struct buf out;

    buf_init(&out, RECEIPT_MAX_BYTES);
    recorder->in_hook = true;
    enum err_code code =
        hooks->receipt(hooks->context, entry, clock_now_us(recorder->clock), &out, err);
    if (code == OK && buf_failed(&out))
        code = err_set(err, ERR_LIMIT, "the receipt is too large");
    recorder->in_hook = code != OK;
    entry->receipt = code == OK ? arena_copy(entry->arena, buf_slice(&out)) : (struct slice){0};
    buf_fini(&out);
    return code;
}

static enum err_code keep_receipt(struct store *store, const struct journal_entry *entry,
                                  struct err *err)
{
    struct query query;

    query_begin(&query, store, INSERT_RECEIPT);
    query_text(&query, entry->authority);
    query_digest(&query, &entry->digest);
    query_int(&query, entry->arrival);
    query_blob(&query, entry->receipt);
    return query_run(&query, "receipts", err);
}

enum err_code recorder_give_receipt(struct recorder *recorder, struct journal_entry *entry,
                                    struct err *err)
{
    enum err_code code = ERR_NOT_FOUND;

    if (!entry->authority.ptr || !recorder->hooks->receipt || entry->faults > 1)
        return OK;
    /* The same bytes again get what the first got, also where that is earlier in this very
     * transaction; only what was published meanwhile replaces it. */
    if (entry->bulletin_count == 0)
        code = store_receipt(recorder->store, entry->arena, entry->authority, &entry->digest,
                             &entry->receipt, err);
    if (code != ERR_NOT_FOUND)
        return code;
    code = read_first(recorder->store, entry, err);
    if (code == OK)
        code = make_receipt(recorder, entry, err);
    return code == OK ? keep_receipt(recorder->store, entry, err) : code;
}
