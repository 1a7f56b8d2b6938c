/*
 * request: what is sent to IPAWS: signed SOAP envelopes. Pure: bytes, key and time in, bytes out.
 *
 * The Body is signed with the COG's key (WS-Security 1.0, X.509 token); a posted alert has an
 * enveloped signature of its own besides [IDG 4.02, 5.3 and 8.2].
 */
#ifndef CAPRELAY_COG_REQUEST_H
#define CAPRELAY_COG_REQUEST_H

#include "base/arena.h"
#include "cog/access.h"

enum cog_call { COG_GET_REQUEST = 0, COG_GET_MESSAGE, COG_POST_CAP };

/* The header line with the SOAPAction of that call; constant. */
const char *cog_soap_action(enum cog_call call);
/* Constant. */
const char *cog_content_type(void);

/* A requestParameterList with one parameter, absent texts being left out. Known operations:
 * getACK (parameter "ping"), getCOG, getServerInfo for getRequest; getMessageAll for getMessage. */
struct cog_question {
    const char *operation;
    const char *name;       /* "sent" */
    const char *comparison; /* "greaterthan" */
    struct slice value;
};
enum err_code cog_ask(const struct cog_access *access, struct arena *arena, enum cog_call call,
                      const struct cog_question *question, int64_t now_s, struct slice *out,
                      struct err *err);

/* postCAP with that alert (CAP 1.2, UTF-8, not signed yet). Its bytes stay as they are but for the
 * XML declaration, which cannot stand inside another document. */
enum err_code cog_post(const struct cog_access *access, struct arena *arena, struct slice alert,
                       int64_t now_s, struct slice *out, struct err *err);

#endif
