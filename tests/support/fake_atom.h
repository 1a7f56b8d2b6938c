/*
 * fake_atom: a server with an Atom feed in memory, behind fake_http.h: entries that link to a
 * message, hold one, or are incident information; pages, `dtsince`, a secret.
 */
#ifndef CAPRELAY_TESTS_FAKE_ATOM_H
#define CAPRELAY_TESTS_FAKE_ATOM_H

#include "tests/support/fake_http.h"

#include <stdbool.h>

enum { FAKE_ATOM_MAX = 4000, FAKE_ATOM_BODY_MAX = 4 * 1024 * 1024 };

struct fake_atom_entry {
    int number;
    char *linked; /* the message at its link; NULL: it has none */
    char *inside; /* what stands in the entry */
    bool current; /* else only `dtsince` gives it */
    int64_t updated_us;
    int cuts; /* so many answers of the message are cut short */
    int asked;
};

static struct {
    struct fake_atom_entry entries[FAKE_ATOM_MAX];
    size_t count;
    const int64_t *now_us;
    int version; /* of the feed: its ETag */
    int per_page;
    int64_t max_age_us, retry_after_us;
    int status, message_status; /* what everything is answered with; the messages alone */
    int page_cuts;              /* so many answers with a page behind the first are cut short */
    const char *secret;         /* wanted, as parameter or header */
    const char *link_server;    /* in links; absent: relative ones */
    const char *body_instead;   /* of the feed */
    const char *more;           /* in the feed, before the entries */
    int looks, unchanged, since_looks, messages;
    int64_t last_look_us;
    char message_url[300]; /* of the last one that was asked for */
    char body[FAKE_ATOM_BODY_MAX], etag[20];
} fake_atom;

static struct fake_atom_entry *fake_atom_add(const char *linked, const char *inside)
{
    struct fake_atom_entry *entry = &fake_atom.entries[fake_atom.count];
    if (fake_atom.count == FAKE_ATOM_MAX)
        abort();
    *entry = (struct fake_atom_entry){.number = (int)fake_atom.count++, .current = true};
    entry->linked = linked ? mem_strdup(linked) : NULL;
    entry->inside = mem_strdup(inside ? inside : "");
    entry->updated_us = fake_atom.now_us ? *fake_atom.now_us : 0;
    fake_atom.version++;
    return entry;
}

/* A later version of it. */
static inline void fake_atom_update(struct fake_atom_entry *entry, const char *inside)
{
    free(entry->inside);
    entry->inside = mem_strdup(inside);
    entry->updated_us = *fake_atom.now_us;
    fake_atom.version++;
}

static inline void fake_atom_end(struct fake_atom_entry *entry)
{
    entry->current = false;
    fake_atom.version++;
}

static void fake_atom_clear(void)
{
    for (size_t i = 0; i < fake_atom.count; i++) {
        free(fake_atom.entries[i].linked);
        free(fake_atom.entries[i].inside);
    }
    memset(&fake_atom, 0, sizeof fake_atom);
    memset(&fake_http, 0, sizeof fake_http);
}

static int64_t fake_atom_since(const char *url)
{
    const char *at = strstr(url, "dtsince=");
    int y, mo, d, h, mi, s;
    if (!at || sscanf(at, "dtsince=%d-%d-%dT%d%%3A%d%%3A%dZ", &y, &mo, &d, &h, &mi, &s) != 6)
        return INT64_MIN;
    return (clock_days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s) * 1000000;
}

static size_t fake_atom_write_entry(const struct fake_atom_entry *entry, size_t len)
{
    char updated[CLOCK_TEXT_MAX];
    len +=
        (size_t)sprintf(fake_atom.body + len, "<entry><id>urn:e:%d</id><updated>%s</updated>%s",
                        entry->number, clock_format_us(entry->updated_us, updated), entry->inside);
    if (entry->linked)
        len += (size_t)sprintf(fake_atom.body + len,
                               "<link type='application/cap+xml' href='%s/m/%d'/>",
                               fake_atom.link_server ? fake_atom.link_server : "", entry->number);
    return len + (size_t)sprintf(fake_atom.body + len, "</entry>");
}

/* The newest first. */
static void fake_atom_write_feed(const char *url)
{
    int64_t since_us = fake_atom_since(url);
    const char *page = strstr(url, "page=");
    int skip = page ? atoi(page + 5) : 0, taken = 0, matches = 0;
    size_t len = (size_t)sprintf(fake_atom.body,
                                 "<feed xmlns='http://www.w3.org/2005/Atom' "
                                 "xmlns:at='http://purl.org/atompub/tombstones/1.0'>%s"
                                 "<author><name>hub</name></author>",
                                 fake_atom.more ? fake_atom.more : "");
    for (size_t i = fake_atom.count; i > 0; i--) {
        const struct fake_atom_entry *entry = &fake_atom.entries[i - 1];
        bool match = since_us == INT64_MIN ? entry->current : entry->updated_us >= since_us;
        if (!match || matches++ < skip || (fake_atom.per_page && taken >= fake_atom.per_page))
            continue;
        len = fake_atom_write_entry(entry, len);
        taken++;
    }
    if (skip + taken < matches)
        len += (size_t)sprintf(fake_atom.body + len, "<link rel='next' href='?page=%d'/>",
                               skip + taken);
    sprintf(fake_atom.body + len, "</feed>");
}

static void fake_atom_answer_feed(const struct http_call *call, struct http_result *result)
{
    bool since = strstr(call->url, "dtsince=") != NULL;
    if (strstr(call->url, "page=") && fake_atom.page_cuts > 0) {
        fake_atom.page_cuts--;
        result->failure = HTTP_FAILED_BROKEN;
        result->error = "cut";
        return;
    }
    fake_atom.looks += !since;
    fake_atom.since_looks += since;
    fake_atom.last_look_us = fake_atom.now_us ? *fake_atom.now_us : 0;
    snprintf(fake_atom.etag, sizeof fake_atom.etag, "\"%d\"", fake_atom.version);
    result->max_age_us = fake_atom.max_age_us ? fake_atom.max_age_us : -1;
    result->etag = slice_from_cstr(fake_atom.etag);
    if (call->if_none_match && strcmp(call->if_none_match, fake_atom.etag) == 0) {
        result->status = 304;
        fake_atom.unchanged++;
        return;
    }
    fake_atom_write_feed(call->url);
    result->body =
        slice_from_cstr(fake_atom.body_instead ? fake_atom.body_instead : fake_atom.body);
}

static void fake_atom_answer_message(const struct http_call *call, struct http_result *result)
{
    int number = atoi(strstr(call->url, "/m/") + 3);
    fake_atom.messages++;
    snprintf(fake_atom.message_url, sizeof fake_atom.message_url, "%s", call->url);
    struct fake_atom_entry *entry =
        number >= 0 && (size_t)number < fake_atom.count ? &fake_atom.entries[number] : NULL;
    if (!entry || !entry->linked || fake_atom.message_status) {
        result->status = fake_atom.message_status ? fake_atom.message_status : 404;
        return;
    }
    entry->asked++;
    result->body = slice_from_cstr(entry->linked);
    fake_http_cut(result, &entry->cuts);
}

static bool fake_atom_may(const struct http_call *call)
{
    char wanted[200];
    if (!fake_atom.secret)
        return true;
    snprintf(wanted, sizeof wanted, "secret=%s", fake_atom.secret);
    if (strstr(call->url, wanted))
        return true;
    snprintf(wanted, sizeof wanted, "Authorization: MASAS-Secret %s", fake_atom.secret);
    for (size_t i = 0; i < call->header_count; i++)
        if (strcmp(call->headers[i], wanted) == 0)
            return true;
    return false;
}

static void fake_atom_answer(const struct http_call *call, struct http_result *result)
{
    result->retry_after_us = fake_atom.retry_after_us ? fake_atom.retry_after_us : -1;
    if (fake_atom.status)
        result->status = fake_atom.status;
    else if (!fake_atom_may(call))
        result->status = 401;
    else if (strstr(call->url, "/m/"))
        fake_atom_answer_message(call, result);
    else
        fake_atom_answer_feed(call, result);
}

static inline void fake_atom_open(const struct loop *loop)
{
    fake_atom_clear();
    fake_atom.now_us = &loop->now_us;
    fake_http.answer = fake_atom_answer;
}

#endif
