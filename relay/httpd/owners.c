/* What one owner has at most. */
#include "httpd/internal.h"

struct share {
    size_t places, bytes;           /* of this owner's other requests */
    size_t owned_places, all_bytes; /* of everybody's */
};

static struct share share_of(const struct httpd_request *request, const struct digest *owner)
{
    struct share share = {.all_bytes = request->httpd->bodies_bytes};
    for (const struct httpd_connection *c = request->httpd->first; c; c = c->next) {
        if (!c->request || !c->request->owned || c->request == request)
            continue;
        share.owned_places++;
        if (!digest_eq(&c->request->owner, owner))
            continue;
        share.places++;
        share.bytes += c->request->body.len;
    }
    return share;
}

/* Places without an owner do not count: they are given up for one that is needed. */
bool httpd_own(struct httpd_request *request, struct slice owner)
{
    request->owner = digest_of(owner);
    struct share share = share_of(request, &request->owner);
    request->owned = share.places + share.owned_places < request->httpd->options.connections_max;
    return request->owned;
}

bool httpd_body_has_room(const struct httpd_request *request, size_t more)
{
    size_t max = request->httpd->options.bodies_max;
    if (!request->owned)
        return request->httpd->bodies_bytes + more <= max;
    struct share share = share_of(request, &request->owner);
    size_t left = share.all_bytes + more < max ? max - share.all_bytes - more : 0;
    return share.bytes == 0 ? share.all_bytes + more <= max
                            : share.bytes + request->body.len <= left;
}
