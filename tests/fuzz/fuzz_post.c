/* Heads of HTTP requests from whoever can connect: without a known credential none passes, and none
 * that passes leaves open whose it is. The lines of the input are method, path, query,
 * Content-Type, Content-Encoding and Authorization; `C` before them stands for a client with the
 * certificate. */
#include "adapters/inject_http/post.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct relay_conf *shared_conf(void)
{
    static const struct relay_conf *conf;
    static const char text[] =
        "keys: {actual: a, exercise: e}\naccess: {mode: plain}\n"
        "listen: {feed: 'inproc://f', query: 'inproc://q', inject_http: 'http://127.0.0.1:1'}\n"
        "authorities:\n - name: nb-emo\n"
        "   token_sha256: 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29\n"
        "   certificate_sha256: "
        "0000000000000000000000000000000000000000000000000000000000000000\n";
    if (!conf && relay_conf_parse("fuzz.yaml", slice_of(text, sizeof text - 1), &conf, NULL) != OK)
        abort();
    return conf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct post post = {0};
    struct slice *const parts[] = {
        &post.method,           &post.path,         &post.query, &post.content_type,
        &post.content_encoding, &post.authorization};
    struct slice rest = slice_of(data, size);
    post.has_certificate = slice_starts_with(rest, "C");
    post.certificate.not_after_s = 2000;
    rest = slice_sub(rest, post.has_certificate, rest.len);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!slice_next_part(&rest, '\n', parts[i]) || parts[i]->len == 0)
            *parts[i] = (struct slice){0};
    post.authorizations = post.authorization.ptr != NULL;
    struct request request = {0};
    struct post_refusal refusal = {0};
    bool good = post_check(&post, shared_conf(), 1000, &request, &refusal);
    /* Nobody has a token with that SHA-256. */
    if (good && (!post.has_certificate || post.authorization.ptr || !request.known))
        abort();
    if (!good && (refusal.status < 400 || !refusal.reason || !refusal.text[0]))
        abort();
    return 0;
}
