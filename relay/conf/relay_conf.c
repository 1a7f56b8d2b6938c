#include "conf/relay_conf.h"

#include "conf/internal.h"
#include "conf/relay_rows.h"

#include "base/mem.h"

#include <stdlib.h>

/* What relay_conf_hold() counts; the public struct is its first member. */
struct held_conf {
    struct relay_conf conf;
    struct conf_doc *doc;
    unsigned holds;
};

/* --- what one row cannot say ---
 * Each check goes on behind what it refuses (`err` keeps the first, the document all), and leaves
 * out what was not read whole, so that no mistake is told as two. */

/* Item `node` of a list was read, and nothing in it refused. */
static bool is_whole(const struct conf_node *node)
{
    return node && conf_is_sound(node, NULL);
}

static enum err_code first_of(enum err_code code, enum err_code next)
{
    return code != OK ? code : next;
}

static void set_defaults(struct relay_conf *conf, struct arena *arena)
{
    if (!conf->relay.sender.ptr && conf->relay.name.ptr)
        conf->relay.sender = arena_printf(arena, "caprelay:%s", conf->relay.name.ptr);
    if (!conf->journal.path.ptr && conf->state_dir.ptr)
        conf->journal.path = arena_printf(arena, "%s/journal.db", conf->state_dir.ptr);
}

static enum err_code check_plain(const struct relay_conf *conf, const struct conf_node *root,
                                 struct err *err)
{
    const struct {
        const char *key;
        struct slice endpoint;
    } sockets[] = {{"feed", conf->listen.feed},
                   {"query", conf->listen.query},
                   {"inject", conf->listen.inject}};
    const struct conf_node *listen = conf_child(root, SLICE("listen"));
    enum err_code code = OK;
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (sockets[i].endpoint.ptr && conf_is_sound(listen, sockets[i].key) &&
            !conf_endpoint_is_local(sockets[i].endpoint))
            code = conf_fail(listen, sockets[i].key, code ? NULL : err,
                             "`%s` can be reached from outside, and access.mode is plain; use "
                             "127.0.0.1, or access.mode curve",
                             sockets[i].endpoint.ptr);
    return code;
}

static enum err_code check_curve(struct relay_conf *conf, const struct conf_node *root,
                                 struct err *err)
{
    enum err_code code = OK;
    if (!conf->keys.curve.ptr && conf_is_sound(root, "keys"))
        code = conf_fail(root, "keys.curve", err,
                         "is missing; name the file of the CURVE key, or set access.mode to plain "
                         "for the loopback");
    if (conf->access.allow.count == 0)
        code = conf_fail(root, "access.allow", code ? NULL : err,
                         "nobody is allowed to connect; list their CURVE public keys here, or "
                         "write `any`");
    return code;
}

static enum err_code read_allow(struct relay_conf *conf, struct arena *arena,
                                const struct conf_node *root, struct err *err)
{
    const struct conf_texts *allow = &conf->access.allow;
    const struct conf_node *access = conf_child(root, SLICE("access"));
    enum err_code code = OK;
    conf->access.keys = arena_alloc_array(arena, allow->count, sizeof *conf->access.keys);
    for (size_t i = 0; i < allow->count; i++) {
        if (slice_eq_cstr(allow->items[i], "any")) {
            conf->access.any = true;
            continue;
        }
        if (!conf_curve_key(allow->items[i], conf->access.keys[conf->access.key_count++]))
            code = conf_fail(access, "allow", code ? NULL : err,
                             "`%s` is no CURVE public key; 40 characters of Z85 or 64 hex digits, "
                             "or the word any",
                             allow->items[i].ptr);
    }
    if (conf->access.any && allow->count > 1)
        code = conf_fail(access, "allow", code ? NULL : err,
                         "`any` makes the other keys needless; one or the other");
    return code;
}

static enum err_code check_access(struct relay_conf *conf, struct arena *arena,
                                  const struct conf_node *root, struct err *err)
{
    if (!conf_is_sound(root, "access"))
        return OK;
    enum err_code code = read_allow(conf, arena, root, err);
    if (conf->access.mode == CONF_ACCESS_CURVE)
        return first_of(code, check_curve(conf, root, code ? NULL : err));
    if (!conf_child(root, SLICE("listen")))
        return code;
    return first_of(code, check_plain(conf, root, code ? NULL : err));
}

/* Names must be told apart; each item begins with `struct slice name`. */
static enum err_code check_unique(const struct conf_list *list, size_t item_size,
                                  const struct conf_node *root, const char *key, struct err *err)
{
    const struct conf_node *node =
        list->count ? conf_child(root, slice_from_cstr(key))->first : NULL;
    const char *items = list->items;
    enum err_code code = OK;
    for (size_t i = 0; i < list->count; i++, node = node->next)
        for (size_t j = 0; j < i; j++) {
            struct slice a = *(const struct slice *)(const void *)(items + i * item_size);
            struct slice b = *(const struct slice *)(const void *)(items + j * item_size);
            if (!a.ptr || !slice_eq(a, b))
                continue;
            code = conf_fail(node, "name", code ? NULL : err,
                             "`%s` is taken by %s[%zu]; names must differ", a.ptr, key, j + 1);
            break;
        }
    return code;
}

static bool has_source(const struct relay_conf *conf, struct slice name)
{
    for (size_t i = 0; i < conf->sources.count; i++)
        if (slice_eq(relay_conf_source_at(conf, i)->name, name))
            return true;
    return slice_eq_cstr(name, "inject") &&
           (conf->listen.inject.ptr || conf->listen.inject_http.ptr);
}

/* Whether has_source() can tell. */
static bool sources_are_known(const struct relay_conf *conf, const struct conf_node *root)
{
    const struct conf_node *sources = conf_child(root, SLICE("sources"));
    if ((sources && sources->kind != CONF_SEQUENCE) || !conf_is_sound(root, "listen"))
        return false;
    for (size_t i = 0; i < conf->sources.count; i++)
        if (!relay_conf_source_at(conf, i)->name.ptr)
            return false;
    return true;
}

static enum err_code check_rule(const struct relay_conf *conf, struct relay_conf_rule *rule,
                                bool known, struct err *err)
{
    enum err_code code = OK;
    if (!conf_has(rule->node, "within_km"))
        rule->within_km = -1;
    if (!conf_has(rule->node, "beyond_km"))
        rule->beyond_km = -1;
    if (rule->within_km >= 0 && rule->beyond_km >= rule->within_km)
        code = conf_fail(rule->node, "beyond_km", err,
                         "nothing is farther than %g km and within %g km", rule->beyond_km,
                         rule->within_km);
    /* 1 is Extreme: at least moderate and at most severe is 3 and 2. */
    if (rule->severity_at_least && rule->severity_at_most > rule->severity_at_least)
        code = conf_fail(rule->node, "severity_at_most", code ? NULL : err,
                         "lies below severity_at_least, so nothing can match");
    for (size_t i = 0; known && i < rule->sources.count; i++)
        if (!has_source(conf, rule->sources.items[i]))
            code = conf_fail(rule->node, "sources", code ? NULL : err,
                             "there is no source `%s`; a name under `sources` is wanted, or "
                             "`inject` where that is listened for",
                             rule->sources.items[i].ptr);
    return code;
}

/* One socket at one place. */
static enum err_code check_listen(const struct relay_conf *conf, const struct conf_node *root,
                                  struct err *err)
{
    const struct slice feed = conf->listen.feed, query = conf->listen.query,
                       inject = conf->listen.inject;
    enum err_code code = OK;
    if (feed.ptr && slice_eq(query, feed))
        code =
            conf_fail(root, "listen.query", err, "is where listen.feed is; give it another port");
    if (inject.ptr && (slice_eq(inject, feed) || slice_eq(inject, query)))
        code = conf_fail(root, "listen.inject", code ? NULL : err,
                         "is where listen.%s is; give it another port",
                         slice_eq(inject, feed) ? "feed" : "query");
    return code;
}

static enum err_code check_rules(struct relay_conf *conf, const struct conf_node *root,
                                 struct err *err)
{
    struct relay_conf_rule *rules = conf->rules.items;
    bool known = sources_are_known(conf, root);
    enum err_code code = check_unique(&conf->rules, sizeof *rules, root, "rules", err);
    for (size_t i = 0; i < conf->rules.count; i++)
        if (rules[i].node)
            code = first_of(code, check_rule(conf, &rules[i], known, code ? NULL : err));
    return code;
}

/* Whose a credential is must be plain. `theirs` are `count` times 32 bytes, `key` names the rows in
 * which both stand. */
static enum err_code check_taken(const struct relay_conf_authority *authority, const uint8_t *value,
                                 const struct relay_conf_authority *other, const void *theirs,
                                 size_t count, const char *key, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(value, (const uint8_t *)theirs + i * RELAY_CONF_KEY_BYTES,
                   RELAY_CONF_KEY_BYTES) == 0)
            return conf_fail(authority->node, key, err,
                             "is the %s of `%s` too; each authority needs its own", key,
                             other->name.ptr);
    return OK;
}

static enum err_code check_hashes(const struct relay_conf_authority *authority,
                                  const struct conf_texts *texts, const char *key,
                                  struct arena *arena, uint8_t (**out)[RELAY_CONF_KEY_BYTES],
                                  struct err *err)
{
    enum err_code code = OK;
    *out = arena_alloc_array(arena, texts->count, sizeof **out);
    for (size_t i = 0; i < texts->count; i++)
        if (!conf_fingerprint(texts->items[i], (*out)[i]))
            code = conf_fail(authority->node, key, code ? NULL : err,
                             "`%s` is no SHA-256; 64 hex digits", texts->items[i].ptr);
    return code;
}

static enum err_code read_authority(struct relay_conf_authority *authority, struct arena *arena,
                                    struct err *err)
{
    authority->has_key = authority->key_hex.ptr != NULL;
    if (!authority->has_key && !authority->token_hex.count && !authority->certificate_hex.count)
        return conf_fail(authority->node, NULL, err,
                         "`%s` has no way to prove who it is; give it a key, token_sha256 or "
                         "certificate_sha256",
                         authority->name.ptr);
    if (authority->has_key &&
        !hex_decode(authority->key_hex, authority->key, sizeof authority->key))
        return conf_fail(authority->node, "key", err, "is no public key");
    enum err_code code = check_hashes(authority, &authority->token_hex, "token_sha256", arena,
                                      &authority->tokens, err);
    return first_of(code, check_hashes(authority, &authority->certificate_hex, "certificate_sha256",
                                       arena, &authority->certificates, code ? NULL : err));
}

static enum err_code check_own(const struct relay_conf_authority *a,
                               const struct relay_conf_authority *b, struct err *err)
{
    enum err_code code = OK;
    if (a->has_key && b->has_key)
        code = check_taken(a, a->key, b, b->key, 1, "key", err);
    for (size_t i = 0; code == OK && i < a->token_hex.count; i++)
        code = check_taken(a, a->tokens[i], b, b->tokens, b->token_hex.count, "token_sha256", err);
    for (size_t i = 0; code == OK && i < a->certificate_hex.count; i++)
        code = check_taken(a, a->certificates[i], b, b->certificates, b->certificate_hex.count,
                           "certificate_sha256", err);
    return code;
}

static enum err_code check_authorities(struct relay_conf *conf, struct arena *arena,
                                       const struct conf_node *root, struct err *err)
{
    struct relay_conf_authority *all = conf->authorities.items;
    enum err_code code = check_unique(&conf->authorities, sizeof *all, root, "authorities", err);
    for (size_t i = 0; i < conf->authorities.count; i++) {
        if (is_whole(all[i].node))
            code = first_of(code, read_authority(&all[i], arena, code ? NULL : err));
        for (size_t j = 0; j < i && is_whole(all[i].node); j++)
            if (is_whole(all[j].node))
                code = first_of(code, check_own(&all[i], &all[j], code ? NULL : err));
    }
    return code;
}

static enum err_code check_inject_http(struct relay_conf *conf, const struct conf_node *root,
                                       struct err *err)
{
    struct conf_http_listen listen;
    if (!conf->listen.inject_http.ptr || !conf_http_listen(conf->listen.inject_http, &listen) ||
        !conf_is_sound(root, "inject_http"))
        return OK;
    if (listen.tls && !conf->inject_http.certificate.ptr)
        return conf_fail(root, "inject_http.certificate", err,
                         "is missing; listen.inject_http is https, so name the file of its "
                         "certificate");
    if (!listen.tls && conf->inject_http.certificate.ptr)
        return conf_fail(root, "inject_http.certificate", err,
                         "says nothing where listen.inject_http is http://; write https:// there, "
                         "or leave the certificate out");
    if (!conf->inject_http.key.ptr)
        conf->inject_http.key = conf->inject_http.certificate;
    return OK;
}

/* What a pin says of its key is for who reads the files (origin_trust_create). */
static enum err_code check_signature(struct relay_conf_source *source, struct err *err)
{
    struct relay_conf_pin *pins = source->signature.pins.items;
    if (!conf_is_sound(source->node, "signature") || !conf_is_sound(source->node, "class"))
        return OK;
    bool checked = source->signature.policy != CONF_SIGNATURE_IGNORE;
    if (checked && source->class_max == CONF_CLASS_EXERCISE)
        return conf_fail(source->node, "signature", err,
                         "what a source of class exercise sends is rewritten and bears no "
                         "signature; leave the policy at ignore");
    if (source->signature.policy == CONF_SIGNATURE_REQUIRE && !source->signature.pins.count)
        return conf_fail(source->node, "signature", err,
                         "requires signatures and names no pins, so that every alert would be "
                         "refused; name the keys that may sign in `pins`");
    for (size_t i = 0; i < source->signature.pins.count; i++) {
        conf_day(pins[i].not_before, &pins[i].not_before_s);
        if (conf_day(pins[i].not_after, &pins[i].not_after_s))
            pins[i].not_after_s += 86400;
    }
    return OK;
}

static enum err_code check_source(struct relay_conf_source *source, struct err *err)
{
    enum err_code code = OK;
    source->digest = conf_node_digest(source->node);
    if (slice_eq_cstr(source->name, "inject") || slice_eq_cstr(source->name, "inject-http"))
        code = conf_fail(source->node, "name", err,
                         "`%s` is the name of what authorities hand in; choose another",
                         source->name.ptr);
    if (source->country != CONF_SIDE_NONE && conf_has(source->node, "country_else"))
        code = conf_fail(source->node, "country_else", code ? NULL : err,
                         "only says something with `country: auto`; leave it out");
    return first_of(code, check_signature(source, code ? NULL : err));
}

static enum err_code check_sources(struct relay_conf *conf, const struct conf_node *root,
                                   struct err *err)
{
    struct relay_conf_source *all = conf->sources.items;
    enum err_code code = check_unique(&conf->sources, sizeof *all, root, "sources", err);
    for (size_t i = 0; i < conf->sources.count; i++)
        if (all[i].node)
            code = first_of(code, check_source(&all[i], code ? NULL : err));
    return code;
}

static enum err_code check_outlets(struct relay_conf *conf, const struct conf_node *root,
                                   struct err *err)
{
    struct relay_conf_outlet *all = conf->outlets.items;
    enum err_code code = check_unique(&conf->outlets, sizeof *all, root, "outlets", err);
    for (size_t i = 0; i < conf->outlets.count; i++) {
        if (!all[i].node)
            continue;
        all[i].digest = conf_node_digest(all[i].node);
        if (all[i].retry_max_us < all[i].retry_first_us && conf_is_sound(all[i].node, "retry_max"))
            code = conf_fail(all[i].node, "retry_max", code ? NULL : err,
                             "is shorter than retry_first; make it as long at least");
    }
    return code;
}

static enum err_code check_whole(struct relay_conf *conf, struct arena *arena,
                                 const struct conf_node *root, struct err *err)
{
    set_defaults(conf, arena);
    enum err_code code = check_access(conf, arena, root, err);
    code = first_of(code, check_listen(conf, root, code ? NULL : err));
    code = first_of(code, check_sources(conf, root, code ? NULL : err));
    code = first_of(code, check_outlets(conf, root, code ? NULL : err));
    code = first_of(code, check_authorities(conf, arena, root, code ? NULL : err));
    code = first_of(code, check_inject_http(conf, root, code ? NULL : err));
    return first_of(code, check_rules(conf, root, code ? NULL : err));
}

/* --- life --- */

/* Takes the document. Gives out also what is not good. */
static enum err_code from_doc(struct conf_doc *doc, enum err_code code,
                              const struct relay_conf **out, struct err *err)
{
    if (!doc)
        return code;
    struct held_conf *held = mem_alloc(sizeof *held);
    held->doc = doc;
    held->holds = 1;
    held->conf.file = doc->path;
    held->conf.root = doc->root;
    code = first_of(code, conf_read(doc->root, relay_conf_rows, &held->conf, code ? NULL : err));
    *out = &held->conf;
    return first_of(code, check_whole(&held->conf, doc->arena, doc->root, code ? NULL : err));
}

enum err_code relay_conf_inspect(const char *path, const struct relay_conf **out, struct err *err)
{
    struct conf_doc *doc = NULL;
    *out = NULL;
    enum err_code code = conf_doc_load(path, &doc, err);
    return from_doc(doc, code, out, err);
}

enum err_code relay_conf_inspect_text(const char *path, struct slice text,
                                      const struct relay_conf **out, struct err *err)
{
    struct conf_doc *doc = NULL;
    *out = NULL;
    enum err_code code = conf_doc_inspect(path, text, &doc, err);
    return from_doc(doc, code, out, err);
}

static enum err_code only_good(enum err_code code, const struct relay_conf **out)
{
    if (code != OK) {
        relay_conf_release(*out);
        *out = NULL;
    }
    return code;
}

enum err_code relay_conf_load(const char *path, const struct relay_conf **out, struct err *err)
{
    return only_good(relay_conf_inspect(path, out, err), out);
}

enum err_code relay_conf_parse(const char *path, struct slice text, const struct relay_conf **out,
                               struct err *err)
{
    return only_good(relay_conf_inspect_text(path, text, out, err), out);
}

enum err_code relay_conf_place(const struct relay_conf *conf, const struct err *inner,
                               struct err *err)
{
    if (conf_begins_with_key(inner, relay_conf_rows))
        return conf_place(conf->root, NULL, relay_conf_rows, inner, err);
    conf_record(conf->root->doc, conf->root, conf->root->line, slice_from_cstr(inner->text));
    return err_set(err, inner->code, "%s", inner->text);
}

static struct held_conf *held_of(const struct relay_conf *conf)
{
    return (struct held_conf *)(uintptr_t)conf;
}

const struct relay_conf *relay_conf_hold(const struct relay_conf *conf)
{
    held_of(conf)->holds++;
    return conf;
}

void relay_conf_release(const struct relay_conf *conf)
{
    if (!conf || --held_of(conf)->holds > 0)
        return;
    conf_doc_destroy(held_of(conf)->doc);
    free(held_of(conf));
}

const struct relay_conf_authority *relay_conf_authority_find(const struct relay_conf *conf,
                                                             struct slice name)
{
    for (size_t i = 0; i < conf->authorities.count; i++)
        if (slice_eq(relay_conf_authority_at(conf, i)->name, name))
            return relay_conf_authority_at(conf, i);
    return NULL;
}

void relay_conf_reference(struct buf *out)
{
    conf_reference_rows(out, "caprelay.yaml", relay_conf_rows);
}
