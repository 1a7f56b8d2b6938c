/* The number of a bulletin, its place in chain and topics. */
#include "base/mem.h"
#include "journal/internal.h"

#include <stdlib.h>

enum err_code store_head(struct store *store, enum alert_class class, struct journal_head *out,
                         struct err *err)
{
    struct query query;

    *out = (struct journal_head){0};
    query_begin(&query, store, SELECT_HEAD);
    query_name(&query, alert_class_name(class));
    if (query_row(&query)) {
        out->seq = (uint64_t)query_int_at(&query, 0);
        out->chain = query_digest_at(&query, 1);
    }
    return query_end(&query, "head of the class", err);
}

static enum err_code topic_prevs(struct store *store, const char *class_name,
                                 const struct journal_bulletin *bulletin, uint64_t *prevs,
                                 struct err *err)
{
    enum err_code code = OK;

    for (size_t i = 0; code == OK && i < bulletin->topic_count; i++) {
        struct query query;
        query_begin(&query, store, SELECT_TOPIC_HEAD);
        query_name(&query, class_name);
        query_text(&query, bulletin->topics[i]);
        if (query_row(&query))
            prevs[i] = (uint64_t)query_int_at(&query, 0);
        code = query_end(&query, "topics", err);
    }
    return code;
}

static enum err_code conflict_number(struct store *store, const struct journal_entry *entry,
                                     enum side side, uint64_t *seq, struct err *err)
{
    struct query query;

    *seq = 0;
    if (!entry->first_arrival)
        return OK;
    query_begin(&query, store, SELECT_CONFLICT_NUMBER);
    query_int(&query, entry->first_arrival);
    query_name(&query, alert_class_name(entry->class));
    query_name(&query, side_name(side));
    if (query_row(&query))
        *seq = (uint64_t)query_int_at(&query, 0);
    return query_end(&query, "conflict", err);
}

static struct slice join(struct buf *words, const struct slice *items, size_t count)
{
    buf_reset(words);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_put_char(words, ' ');
        buf_put(words, items[i]);
    }
    return slice_present(buf_slice(words));
}

static enum err_code insert_bulletin(struct recorder *recorder, const struct journal_entry *entry,
                                     const struct journal_bulletin *bulletin, int64_t time_us,
                                     struct err *err)
{
    struct slice regions = join(&recorder->regions, bulletin->regions, bulletin->region_count);
    struct slice topics = join(&recorder->topics, bulletin->topics, bulletin->topic_count);
    struct query query;

    query_begin(&query, recorder->store, INSERT_BULLETIN);
    query_name(&query, alert_class_name(entry->class));
    query_int(&query, (int64_t)bulletin->seq);
    query_int(&query, entry->arrival);
    query_name(&query, side_name(bulletin->side));
    query_text(&query, regions);
    query_text(&query, topics);
    query_text(&query, bulletin->derived_identifier);
    query_int(&query, time_us);
    query_optional(&query, bulletin->in_force_until_s);
    query_digest(&query, &bulletin->chain);
    query_blob(&query, buf_slice(&recorder->frame));
    return query_run(&query, "bulletins", err);
}

static enum err_code insert_topics(struct store *store, const char *class_name,
                                   const struct journal_bulletin *bulletin, const uint64_t *prevs,
                                   struct err *err)
{
    enum err_code code = OK;

    for (size_t i = 0; code == OK && i < bulletin->topic_count; i++) {
        struct query query;
        query_begin(&query, store, INSERT_TOPIC_NUMBER);
        query_name(&query, class_name);
        query_text(&query, bulletin->topics[i]);
        query_int(&query, (int64_t)bulletin->seq);
        query_int(&query, (int64_t)prevs[i]);
        code = query_run(&query, "topic numbers", err);
    }
    return code;
}

/* Sources whose copies wait in the same group: they came before the commit. */
static size_t copies_in_group(struct journal_entry *const *group, size_t count,
                              const struct journal_entry *entry, struct slice *names)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (group[i]->first_arrival == entry->arrival && group[i]->bulletin_count == 0)
            names[found++] = group[i]->source;
    return found;
}

static enum err_code seal(struct recorder *recorder, struct journal_entry *const *group,
                          size_t count, const struct journal_entry *entry,
                          struct journal_bulletin *bulletin, const uint64_t *prevs, int64_t time_us,
                          struct err *err)
{
    const struct journal_hooks *hooks = recorder->hooks;
    struct journal_head *head = &recorder->heads[entry->class];
    uint64_t conflict = 0;

    enum err_code code = conflict_number(recorder->store, entry, bulletin->side, &conflict, err);
    if (code != OK)
        return code;
    struct slice *names = mem_alloc_array(count, sizeof *names);
    size_t copies = copies_in_group(group, count, entry, names);
    buf_reset(&recorder->frame);
    bulletin->seq = head->seq + 1;
    recorder->in_hook = true;
    code = hooks->seal(hooks->context, entry, bulletin, prevs, &head->chain, time_us, conflict,
                       names, copies, &recorder->frame, &bulletin->chain, err);
    if (code == OK && buf_failed(&recorder->frame))
        code = err_set(err, ERR_LIMIT, "the sealed bulletin is too large");
    recorder->in_hook = code != OK;
    free(names);
    return code;
}

static enum err_code number_one(struct recorder *recorder, struct journal_entry *const *group,
                                size_t count, const struct journal_entry *entry,
                                struct journal_bulletin *bulletin, struct err *err)
{
    const char *class_name = alert_class_name(entry->class);
    uint64_t *prevs = mem_alloc_array(bulletin->topic_count, sizeof *prevs);
    int64_t time_us = clock_now_us(recorder->clock);

    enum err_code code = topic_prevs(recorder->store, class_name, bulletin, prevs, err);
    if (code == OK)
        code = seal(recorder, group, count, entry, bulletin, prevs, time_us, err);
    if (code == OK)
        code = insert_bulletin(recorder, entry, bulletin, time_us, err);
    if (code == OK)
        code = insert_topics(recorder->store, class_name, bulletin, prevs, err);
    if (code == OK)
        recorder->heads[entry->class] =
            (struct journal_head){.seq = bulletin->seq, .chain = bulletin->chain};
    free(prevs);
    return code;
}

enum err_code recorder_number(struct recorder *recorder, struct journal_entry *const *group,
                              size_t count, struct journal_entry *entry, struct err *err)
{
    enum err_code code = OK;

    if (entry->bulletin_count && entry->class == CLASS_NONE)
        return err_set(err, ERR_INVALID, "a message without class cannot have a bulletin");
    for (size_t i = 0; code == OK && i < entry->bulletin_count; i++)
        code = number_one(recorder, group, count, entry, &entry->bulletins[i], err);
    return code == OK ? recorder_give_receipt(recorder, entry, err) : code;
}
