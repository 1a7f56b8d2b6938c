/*
 * reply: answers as HTTP has them: a receipt, or what was wrong with the request
 * (docs/protocol.md 5.3).
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_HTTP_REPLY_H
#define CAPRELAY_ADAPTERS_INJECT_HTTP_REPLY_H

#include "adapters/inject_http/post.h"

/* A receipt's frame. The body is the header as it was signed, or the frame itself where the request
 * wants application/octet-stream. `first`: it was not stored before. */
void reply_receipt(struct httpd_request *request, struct slice frame, bool first);
/* application/problem+json (RFC 9457). */
void reply_refusal(struct httpd_request *request, const struct post_refusal *refusal);

#endif
