/*
 * status, keys: the relay itself.
 */
#include "publish/answer.h"

#include "publish/facts.h"

static void status_take_topic(void *context, struct slice topic, size_t count)
{
    facts_take_topic(context, topic, count);
}

static json_t *status_subscribers(const struct feed *feed)
{
    json_t *object = json_object();

    subs_each(feed_subs(feed), status_take_topic, object);
    return object;
}

static json_t *status_keys(const struct view *view)
{
    json_t *list = json_array();

    for (size_t i = 0; i < view->key_count; i++) {
        json_t *object = json_object();

        json_put_cstr(object, "id", view->keys[i].id);
        json_put_cstr(object, "purpose", view->keys[i].purpose);
        json_put_time_us(object, "not_after", view->keys[i].not_after_us);
        json_append(list, object);
    }
    return list;
}

static json_t *status_connections(const struct access *access)
{
    struct access_counts counts = access_counts(access);
    json_t *object = json_object();

    json_put_number(object, "admitted", counts.admitted);
    json_put_number(object, "denied", counts.denied);
    return object;
}

/* Heads and what is in force, of both classes: numbers only. */
static enum err_code status_add_classes(const struct query *query, json_t *result, struct err *err)
{
    json_t *heads = json_object(), *in_force = json_object();
    const struct in_force *set;
    struct journal_head head;
    enum err_code code = OK;

    json_put(result, "heads", heads);
    json_put(result, "in_force", in_force);
    for (enum alert_class class = CLASS_ACTUAL; class <= CLASS_EXERCISE && !code; class ++) {
        code = journal_head(query->options->journal, class, &head, err);
        if (!code)
            code = beats_in_force(query->options->beats, class, &set, err);
        if (code)
            break;
        json_put(heads, alert_class_name(class), facts_head(head.seq, &head.chain));
        json_put_number(in_force, alert_class_name(class), set->count);
    }
    return code;
}

static void status_add_relay(const struct query *query, json_t *result)
{
    const struct queries_options *options = query->options;
    const struct view *view = options->view;
    struct journal_state journal = journal_state(options->journal);
    struct health health;

    beats_health(options->beats, &health);
    json_put_text(result, "version", view->version);
    json_put_time_us(result, "started", view->started_us);
    json_put_cstr(result, "state", facts_state_name(&health));
    json_put(result, "reasons", facts_reasons(&health));
    json_put(result, "sources", facts_sources(view, true));
    json_put(result, "outlets", facts_outlets(view, CLASS_NONE));
    json_put(result, "journal", facts_journal(&journal));
    json_put(result, "clock", facts_clock(clock_synchronised(loop_clock(options->loop))));
    json_put(result, "counts", facts_counts(view, query->class));
    json_put_text(result, "boundaries", view->boundary_grade);
    json_put(result, "keys", status_keys(view));
    json_put_time_us(result, "keys_issued", view->keys_issued_us);
    json_put(result, "subscribers", status_subscribers(options->feed));
    json_put_number(result, "subscribers_uncounted", subs_uncounted(feed_subs(options->feed)));
    json_put(result, "connections", status_connections(options->access));
    json_put_number(result, "in_flight_bytes", feed_state(options->feed).in_flight_bytes);
}

void query_status(const struct query *query, struct answer *answer)
{
    struct err err = {0};

    answer->result = json_object();
    status_add_relay(query, answer->result);
    if (status_add_classes(query, answer->result, &err))
        answer_fail_journal(answer, &err);
}

void query_keys(const struct query *query, struct answer *answer)
{
    struct slice list = query->options->view->key_list;

    if (list.len)
        answer_add(answer, list);
    else
        answer_fail(answer, "not-found", "this relay has no key list");
}
