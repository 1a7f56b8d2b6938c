/* All outlets of a configuration. */
#include "outlets/internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* --- making them --- */

static const struct outlet_ops *find_kind(const struct relay_conf_outlet *own, struct err *err)
{
    const struct outlet_ops *ops = outlet_find(own->kind);
    char names[200] = "";

    if (ops)
        return ops;
    for (size_t i = 0, len = 0; outlet_registry[i] && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "",
                                outlet_registry[i]->kind);
    conf_fail(own->node, "kind", err, "there is no kind of outlet `%s`; one of %s", own->kind.ptr,
              names);
    return NULL;
}

static struct outlet *find_running(const struct outlets *outlets, struct slice name,
                                   enum alert_class class)
{
    for (struct outlet *outlet = outlets->first; outlet; outlet = outlet->next)
        if (outlet->class == class && slice_eq(outlet->own->name, name))
            return outlet;
    return NULL;
}

static void append(struct outlets *outlets, struct outlet *outlet)
{
    struct outlet **end = &outlets->first;

    while (*end)
        end = &(*end)->next;
    *end = outlet;
}

/* Those of the configuration that do not run already. */
static enum err_code add_missing(struct outlets *outlets, struct err *err)
{
    for (size_t i = 0; i < outlets->conf->outlets.count; i++) {
        const struct relay_conf_outlet *own = relay_conf_outlet_at(outlets->conf, i);
        const struct outlet_ops *ops = find_kind(own, err);

        if (!ops)
            return ERR_INVALID;
        for (enum alert_class class = CLASS_ACTUAL; class <= CLASS_EXERCISE; class ++) {
            struct outlet *outlet = NULL;

            if (!(own->classes & 1u << class) || find_running(outlets, own->name, class))
                continue;
            enum err_code code = outlet_create(outlets, ops, own, class, &outlet, err);
            if (code)
                return code;
            append(outlets, outlet);
        }
    }
    return OK;
}

enum err_code outlets_create(const struct outlets_options *options, const struct relay_conf *conf,
                             struct outlets **out, struct err *err)
{
    struct outlets *outlets = mem_alloc(sizeof *outlets);

    *out = NULL;
    outlets->options = *options;
    outlets->conf = relay_conf_hold(conf);
    enum err_code code = add_missing(outlets, err);
    if (code) {
        outlets_destroy(outlets);
        return code;
    }
    *out = outlets;
    return OK;
}

static enum err_code check_outlet(struct outlets *outlets, const struct relay_conf_outlet *own,
                                  conf_pem_fn pem, struct err *err)
{
    enum err_code code = OK;

    if (!own->node || !own->name.ptr || !own->kind.ptr)
        return ERR_INVALID; /* told when it was read */
    const struct outlet_ops *ops = find_kind(own, err);

    if (!ops)
        return ERR_INVALID;
    /* With a key that was refused the kind would judge by what nobody wrote. */
    if (!conf_is_sound(own->node, NULL))
        return outlet_check(outlets, ops, own, CLASS_ACTUAL, false, pem, err);
    for (enum alert_class class = CLASS_ACTUAL; class <= CLASS_EXERCISE; class ++) {
        if (!(own->classes & 1u << class))
            continue;
        enum err_code one = outlet_check(outlets, ops, own, class, true, pem, code ? NULL : err);
        code = code ? code : one;
    }
    return code;
}

enum err_code outlets_check_files(const struct relay_conf *conf, conf_pem_fn pem, struct err *err)
{
    struct outlets *outlets = mem_alloc(sizeof *outlets);
    enum err_code code = OK;

    outlets->conf = relay_conf_hold(conf);
    for (size_t i = 0; i < conf->outlets.count; i++) {
        enum err_code one =
            check_outlet(outlets, relay_conf_outlet_at(conf, i), pem, code ? NULL : err);
        code = code ? code : one;
    }
    outlets_destroy(outlets);
    return code;
}

enum err_code outlets_check(const struct relay_conf *conf, struct err *err)
{
    return outlets_check_files(conf, NULL, err);
}

void outlets_destroy(struct outlets *outlets)
{
    if (!outlets)
        return;
    if (outlets->options.loop)
        outlets_stop(outlets);
    for (struct outlet *outlet = outlets->first, *next; outlet; outlet = next) {
        next = outlet->next;
        outlet_destroy(outlet);
    }
    for (struct kept_cursor *kept = outlets->kept, *next; kept; kept = next) {
        next = kept->next;
        free(kept);
    }
    relay_conf_release(outlets->conf);
    free(outlets);
}

/* --- running them --- */

void outlets_start(struct outlets *outlets)
{
    outlets->started = true;
    for (struct outlet *outlet = outlets->first; outlet; outlet = outlet->next)
        outlet_start(outlet);
}

void outlets_stop(struct outlets *outlets)
{
    outlets->started = false;
    for (struct outlet *outlet = outlets->first; outlet; outlet = outlet->next)
        outlet_stop(outlet);
}

void outlets_advance(struct outlets *outlets)
{
    for (struct outlet *outlet = outlets->first; outlet; outlet = outlet->next)
        outlet_advance(outlet);
}

/* --- a new configuration --- */

static bool unchanged_in(const struct outlet *outlet, const struct relay_conf *conf)
{
    for (size_t i = 0; i < conf->outlets.count; i++) {
        const struct relay_conf_outlet *own = relay_conf_outlet_at(conf, i);
        if (slice_eq(own->name, outlet->own->name))
            return digest_eq(&own->digest, &outlet->own->digest) && !outlet_files_changed(outlet);
    }
    return false;
}

/* The newest of a name and class goes to the front, where it is found first. */
static void keep_cursor(struct outlets *outlets, const struct outlet *outlet)
{
    struct kept_cursor *kept = mem_alloc(sizeof *kept);

    snprintf(kept->name, sizeof kept->name, "%s", outlet->own->name.ptr);
    kept->class = outlet->class;
    kept->cursor = outlet->cursor;
    kept->next = outlets->kept;
    outlets->kept = kept;
}

enum err_code outlets_reload(struct outlets *outlets, const struct relay_conf *conf,
                             struct err *err)
{
    enum err_code code = outlets_check(conf, err);

    if (code)
        return code;
    relay_conf_hold(conf);
    relay_conf_release(outlets->conf);
    outlets->conf = conf;
    for (struct outlet **place = &outlets->first; *place;) {
        struct outlet *outlet = *place;

        if (unchanged_in(outlet, conf)) {
            place = &outlet->next;
            continue;
        }
        if (outlet_files_changed(outlet))
            log_write(LOG_LEVEL_NOTICE, "outlet.files",
                      "outlet=%s text=\"a file that it names was changed: it begins anew\"",
                      outlet->own->name.ptr);
        outlet_stop(outlet);
        keep_cursor(outlets, outlet);
        *place = outlet->next;
        outlet_destroy(outlet);
    }
    code = add_missing(outlets, err);
    if (outlets->started)
        outlets_start(outlets);
    return code;
}

/* --- for beats and status --- */

size_t outlets_count(const struct outlets *outlets)
{
    size_t count = 0;

    for (const struct outlet *outlet = outlets->first; outlet; outlet = outlet->next)
        count++;
    return count;
}

static struct slice shown_reason(struct outlet *outlet)
{
    char told[OUTLET_REASON_BYTES] = "";

    if (outlet->ops->tell)
        outlet->ops->tell(outlet->instance, told, sizeof told);
    snprintf(outlet->shown, sizeof outlet->shown, "%s%s%s", outlet->reason, *told ? "; " : "",
             told);
    return slice_from_cstr(outlet->shown);
}

struct outlet_status outlets_status(const struct outlets *outlets, size_t index)
{
    struct outlet *outlet = outlets->first;
    struct journal_head head = {0};
    struct err err;

    while (outlet && index--)
        outlet = outlet->next;
    if (!outlet)
        return (struct outlet_status){0};
    /* Where the journal cannot be read, its own state says so. */
    if (journal_head(outlets->options.journal, outlet->class, &head, &err))
        head.seq = outlet->cursor;
    return (struct outlet_status){
        .name = outlet->own->name,
        .kind = outlet->own->kind,
        .class = outlet->class,
        .state = outlet->state,
        .reason = shown_reason(outlet),
        .since_us = outlet->since_us,
        .last_delivered_us = outlet->last_delivered_us,
        .delivered = outlet->delivered,
        .skipped = outlet->skipped,
        .cursor = outlet->cursor,
        .behind = head.seq > outlet->cursor ? head.seq - outlet->cursor : 0,
    };
}

void outlets_reference(struct buf *out)
{
    for (size_t i = 0; outlet_registry[i]; i++) {
        const struct outlet_ops *ops = outlet_registry[i];
        char title[300];

        snprintf(title, sizeof title, "outlets[] with `kind: %s`: %s", ops->kind, ops->summary);
        conf_reference_rows(out, title, ops->options);
    }
}
