/*
 * fake_ipaws: IPAWS-OPEN's interface for COGs in memory, behind fake_http.h. It looks at no
 * signature: others do (tests/unit/cog, tests/wire).
 */
#ifndef CAPRELAY_TESTS_FAKE_IPAWS_H
#define CAPRELAY_TESTS_FAKE_IPAWS_H

#include "tests/support/fake_http.h"

#include "alert/alert.h"
#include "base/buf.h"

#include <stdbool.h>

#define FAKE_IPAWS_SERVICE "http://gov.fema.ipaws.services/IPAWS_CAPService/"
#define FAKE_IPAWS_RESPONSE "http://gov.fema.ipaws.services/capresponse"

enum { FAKE_IPAWS_MAX = 64, FAKE_IPAWS_BYTES_MAX = 64 * 1024 * 1024 };

static struct {
    char *alerts[FAKE_IPAWS_MAX]; /* in every answer to getMessage; NULL: taken out */
    size_t count;
    int cuts;            /* so many answers to getMessage are cut short */
    int64_t much_s;      /* what reaches back longer is too much: the front comes; 0: never */
    size_t front;        /* so many bytes of it, from the first alert on */
    const char *instead; /* in place of any answer */
    int instead_status;
    const char *statuses;  /* what postCAP is answered: pairs as in docs, see fake_ipaws_statuses */
    const int64_t *now_us; /* NULL: it does not say the time */
    int64_t behind_us;     /* its clock */
    int acks, messages, posts;
    char since[64];     /* of the last getMessage */
    char posted[16384]; /* the last postCAP */
    struct buf body;
} fake_ipaws;

/* What is taken out again is not counted anew. */
static inline size_t fake_ipaws_add(const char *text)
{
    if (fake_ipaws.count == FAKE_IPAWS_MAX)
        abort();
    fake_ipaws.alerts[fake_ipaws.count] = mem_strdup(text);
    return fake_ipaws.count++;
}

static inline void fake_ipaws_remove(size_t i)
{
    free(fake_ipaws.alerts[i]);
    fake_ipaws.alerts[i] = NULL;
}

static inline void fake_ipaws_clear(void)
{
    for (size_t i = 0; i < fake_ipaws.count; i++)
        free(fake_ipaws.alerts[i]);
    buf_fini(&fake_ipaws.body);
    memset(&fake_ipaws, 0, sizeof fake_ipaws);
    memset(&fake_http, 0, sizeof fake_http);
}

static void fake_ipaws_copy_between(struct slice text, const char *from, const char *to, char *out,
                                    size_t size)
{
    ptrdiff_t at = slice_find(text, from);
    struct slice rest = at < 0 ? SLICE("") : slice_sub(text, (size_t)at + strlen(from), text.len);
    ptrdiff_t end = slice_find(rest, to);
    snprintf(out, size, "%.*s", (int)(end < 0 ? 0 : end), rest.ptr);
}

static void fake_ipaws_open_body(void)
{
    buf_fini(&fake_ipaws.body);
    buf_init(&fake_ipaws.body, FAKE_IPAWS_BYTES_MAX);
    buf_put_cstr(&fake_ipaws.body,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                 "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>");
}

static void fake_ipaws_close_body(struct http_result *result)
{
    buf_put_cstr(&fake_ipaws.body, "</S:Body></S:Envelope>");
    result->body = buf_slice(&fake_ipaws.body);
}

static void fake_ipaws_answer_messages(const struct http_call *call, struct http_result *result)
{
    fake_ipaws.messages++;
    fake_ipaws_copy_between(call->body, "<req:parameterValue>", "<", fake_ipaws.since,
                            sizeof fake_ipaws.since);
    buf_put_cstr(&fake_ipaws.body,
                 "<m:messageResponseTypeDef xmlns:m=\"" FAKE_IPAWS_SERVICE "\">\n");
    for (size_t i = 0; i < fake_ipaws.count; i++)
        buf_put_cstr(&fake_ipaws.body, fake_ipaws.alerts[i] ? fake_ipaws.alerts[i] : "");
    buf_put_cstr(&fake_ipaws.body, "</m:messageResponseTypeDef>");
    fake_http_cut(result, &fake_ipaws.cuts);
}

/* "PUBLIC 800 N Ack, EAS 501 N not-EAS": channel, code, flag and text of each. */
static void fake_ipaws_statuses(const char *text)
{
    static const char *const names[] = {"CHANNELNAME", "STATUSITEMID", "ERROR", "STATUS"};
    struct slice rest = slice_from_cstr(text), status, token;
    buf_put_cstr(&fake_ipaws.body, "<r:parameterListItem>");
    while (slice_next_part(&rest, ',', &status))
        for (size_t i = 0; i < 4 && slice_next_token(&status, &token); i++)
            buf_printf(&fake_ipaws.body,
                       "<r:subParaListItem><r:subParameterName>%s</r:subParameterName>"
                       "<r:subParameterValue>%.*s</r:subParameterValue></r:subParaListItem>",
                       names[i], SLICE_ARG(token));
    buf_put_cstr(&fake_ipaws.body, "</r:parameterListItem>");
}

static void fake_ipaws_answer_post(const struct http_call *call)
{
    fake_ipaws.posts++;
    snprintf(fake_ipaws.posted, sizeof fake_ipaws.posted, "%.*s", SLICE_ARG(call->body));
    buf_put_cstr(&fake_ipaws.body, "<p:postCAPResponseTypeDef xmlns:p=\"" FAKE_IPAWS_SERVICE
                                   "\" xmlns:r=\"" FAKE_IPAWS_RESPONSE "\">");
    fake_ipaws_statuses(fake_ipaws.statuses);
    buf_put_cstr(&fake_ipaws.body, "</p:postCAPResponseTypeDef>");
}

static bool fake_ipaws_is_much(void)
{
    struct cap_time since = cap_time_parse(slice_from_cstr(fake_ipaws.since));
    return fake_ipaws.much_s &&
           (*fake_ipaws.now_us - fake_ipaws.behind_us) / 1000000 - since.utc_s > fake_ipaws.much_s;
}

static void fake_ipaws_answer(const struct http_call *call, struct http_result *result)
{
    struct slice action = slice_from_cstr(call->headers[0]);
    if (fake_ipaws.now_us)
        result->date_us = (*fake_ipaws.now_us - fake_ipaws.behind_us) / 1000000 * 1000000;
    fake_ipaws_open_body();
    if (slice_ends_with(action, "getMessage\"")) {
        fake_ipaws_answer_messages(call, result);
    } else if (slice_ends_with(action, "postCAP\"")) {
        fake_ipaws_answer_post(call);
    } else {
        fake_ipaws.acks++;
        buf_put_cstr(&fake_ipaws.body,
                     "<g:getResponseTypeDef xmlns:g=\"" FAKE_IPAWS_SERVICE "\"/>");
    }
    fake_ipaws_close_body(result);
    if (slice_ends_with(action, "getMessage\"") && fake_ipaws_is_much()) {
        result->failure = HTTP_FAILED_TOO_LARGE;
        ptrdiff_t first = slice_find(result->body, "<alert");
        result->body = slice_sub(result->body, 0, first < 0 ? 0 : (size_t)first + fake_ipaws.front);
    }
    if (fake_ipaws.instead) {
        result->body = slice_from_cstr(fake_ipaws.instead);
        result->status = fake_ipaws.instead_status;
    }
}

static inline void fake_ipaws_open(void)
{
    fake_ipaws_clear();
    fake_http.answer = fake_ipaws_answer;
}

#endif
