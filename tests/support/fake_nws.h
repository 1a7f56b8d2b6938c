/*
 * fake_nws: api.weather.gov in memory, behind fake_http.h.
 */
#ifndef CAPRELAY_TESTS_FAKE_NWS_H
#define CAPRELAY_TESTS_FAKE_NWS_H

#include "tests/support/fake_http.h"

#include <stdbool.h>

enum { FAKE_NWS_MAX = 4000, FAKE_NWS_BODY_MAX = 1024 * 1024 };

struct fake_nws_alert {
    char id[80];
    char *text; /* NULL: 404 */
    bool active;
    int64_t sent_us; /* for the query by start */
    int status;      /* 0: as it should be */
    int cuts;        /* so many answers are cut short */
    int asked;
};

static struct {
    struct fake_nws_alert alerts[FAKE_NWS_MAX];
    size_t count;
    const int64_t *now_us;
    int version; /* of the list: its ETag */
    int per_page;
    int64_t max_age_us;
    /* Everything fails so, or answers so. */
    enum http_failure failure;
    int status, cap_status; /* of all; of the CAPs alone */
    int64_t retry_after_us;
    bool says_date;
    bool no_start;    /* the query by time is not offered */
    const char *list; /* in place of the list */
    int lists, unchanged, caught_up, cap_requests;
    int64_t last_list_us;
    char body[FAKE_NWS_BODY_MAX], etag[20];
} fake_nws;

static struct fake_nws_alert *fake_nws_add(const char *id, const char *text)
{
    struct fake_nws_alert *alert = &fake_nws.alerts[fake_nws.count++];
    if (fake_nws.count > FAKE_NWS_MAX)
        abort();
    *alert = (struct fake_nws_alert){.active = true};
    snprintf(alert->id, sizeof alert->id, "%s", id);
    alert->text = text ? mem_strdup(text) : NULL;
    alert->sent_us = fake_nws.now_us ? *fake_nws.now_us : 0;
    fake_nws.version++;
    return alert;
}

static inline void fake_nws_end(struct fake_nws_alert *alert)
{
    alert->active = false;
    fake_nws.version++;
}

static void fake_nws_clear(void)
{
    for (size_t i = 0; i < fake_nws.count; i++)
        free(fake_nws.alerts[i].text);
    memset(&fake_nws, 0, sizeof fake_nws);
    memset(&fake_http, 0, sizeof fake_http);
}

static int64_t fake_nws_start(const char *url)
{
    const char *at = strstr(url, "start=");
    int y, mo, d, h, mi, s;
    if (!at || sscanf(at, "start=%d-%d-%dT%d:%d:%dZ", &y, &mo, &d, &h, &mi, &s) != 6)
        return INT64_MIN;
    return (clock_days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s) * 1000000;
}

static void fake_nws_write_list(const char *url)
{
    int64_t start_us = fake_nws_start(url);
    const char *cursor = strstr(url, "cursor=");
    int skip = cursor ? atoi(cursor + 7) : 0, taken = 0, matches = 0;
    size_t len = (size_t)sprintf(fake_nws.body, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (size_t i = 0; i < fake_nws.count; i++) {
        const struct fake_nws_alert *alert = &fake_nws.alerts[i];
        bool match = start_us == INT64_MIN ? alert->active : alert->sent_us >= start_us;
        if (!match || matches++ < skip || (fake_nws.per_page && taken >= fake_nws.per_page))
            continue;
        len += (size_t)sprintf(fake_nws.body + len,
                               "%s{\"id\":\"https://api.weather.gov/alerts/%s\",\"properties\":"
                               "{\"id\":\"%s\",\"sent\":\"2026-01-01T00:00:00-05:00\"}}",
                               taken ? "," : "", alert->id, alert->id);
        taken++;
    }
    len += (size_t)sprintf(fake_nws.body + len, "]");
    if (skip + taken < matches)
        len += (size_t)sprintf(
            fake_nws.body + len, ",\"pagination\":{\"next\":\"%.*s%ccursor=%d\"}",
            (int)(cursor ? (size_t)(cursor - url - 1) : strlen(url)), url,
            strchr(url, '?') && cursor != strchr(url, '?') + 1 ? '&' : '?', skip + taken);
    sprintf(fake_nws.body + len, "}");
}

static void fake_nws_answer_list(const struct http_call *call, struct http_result *result)
{
    bool catching_up = strstr(call->url, "start=") != NULL;
    if (catching_up && fake_nws.no_start) {
        result->status = 400;
        return;
    }
    fake_nws.lists += !catching_up;
    fake_nws.caught_up += catching_up;
    fake_nws.last_list_us = fake_nws.now_us ? *fake_nws.now_us : 0;
    snprintf(fake_nws.etag, sizeof fake_nws.etag, "W/\"%d\"", fake_nws.version);
    result->max_age_us = fake_nws.max_age_us ? fake_nws.max_age_us : -1;
    result->etag = slice_from_cstr(fake_nws.etag);
    if (call->if_none_match && strcmp(call->if_none_match, fake_nws.etag) == 0) {
        result->status = 304;
        fake_nws.unchanged++;
        return;
    }
    fake_nws_write_list(call->url);
    result->body = slice_from_cstr(fake_nws.list ? fake_nws.list : fake_nws.body);
}

static void fake_nws_answer_cap(const struct http_call *call, struct http_result *result)
{
    const char *id = strstr(call->url, "/alerts/") + 8;
    fake_nws.cap_requests++;
    for (size_t i = 0; i < fake_nws.count; i++) {
        struct fake_nws_alert *alert = &fake_nws.alerts[i];
        size_t len = strlen(alert->id);
        if (strncmp(id, alert->id, len) != 0 || strcmp(id + len, ".cap") != 0)
            continue;
        alert->asked++;
        result->body = slice_from_cstr(alert->text);
        result->status = fake_nws.cap_status ? fake_nws.cap_status : alert->text ? 200 : 404;
        if (alert->status)
            result->status = alert->status;
        fake_http_cut(result, &alert->cuts);
        return;
    }
    result->status = 404;
}

static void fake_nws_answer(const struct http_call *call, struct http_result *result)
{
    bool cap = strlen(call->url) > 4 && strcmp(call->url + strlen(call->url) - 4, ".cap") == 0;
    result->retry_after_us = fake_nws.retry_after_us ? fake_nws.retry_after_us : -1;
    result->date_us = fake_nws.says_date ? *fake_nws.now_us : -1;
    if (fake_nws.failure != HTTP_ANSWERED) {
        result->failure = fake_nws.failure;
        result->error = "nobody there";
        result->status = 0;
    } else if (fake_nws.status) {
        result->status = fake_nws.status;
    } else if (cap) {
        fake_nws_answer_cap(call, result);
    } else {
        fake_nws_answer_list(call, result);
    }
}

static inline void fake_nws_open(const struct loop *loop)
{
    fake_nws_clear();
    fake_nws.now_us = &loop->now_us;
    fake_http.answer = fake_nws_answer;
}

#endif
