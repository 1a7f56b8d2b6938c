#include "cog/access.h"

#include "base/clock.h"
#include "base/mem.h"
#include "origin/sign.h"

#include <stdlib.h>

enum { WARN_S = 30 * 86400 };

struct cog_access {
    struct arena *arena;
    struct signer *signer;
    struct cog_access_options options;
};

static bool holds(struct slice text, struct slice what)
{
    for (size_t at = 0; at + what.len <= text.len; at++)
        if (slice_eq(slice_sub(text, at, at + what.len), what))
            return true;
    return false;
}

enum err_code cog_check_id(const void *value, struct err *err)
{
    struct slice id = *(const struct slice *)value;
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return err_set(err, ERR_INVALID, "`%s` is no COG id; digits alone are wanted", id.ptr);
    return id.len ? OK : err_set(err, ERR_INVALID, "is empty; the COG id is wanted, digits");
}

enum err_code cog_check_user(const void *value, struct err *err)
{
    return slice_trim(*(const struct slice *)value).len
               ? OK
               : err_set(err, ERR_INVALID,
                         "is empty; who asks or posts is wanted, for FEMA's records");
}

static enum err_code check(const struct cog_access *access, struct err *err)
{
    struct slice id = access->options.cog_id, name = signer_common_name(access->signer);
    if (cog_check_id(&id, err) != OK)
        return err_wrap(err, "cog_id");
    if (!holds(name, id))
        return err_set(
            err, ERR_INVALID,
            "certificate: it is of '%.*s', which does not hold the COG id %s, so that IPAWS would "
            "refuse it; the certificate that FEMA gave out for this COG is wanted",
            SLICE_ARG(name), id.ptr);
    return OK;
}

enum err_code cog_access_create(const struct cog_access_options *options, struct cog_access **out,
                                struct err *err)
{
    struct cog_access *access = mem_alloc(sizeof *access);
    *out = NULL;
    access->arena = arena_create();
    access->options = *options;
    access->options.certificate = access->options.key = (struct slice){0};
    access->options.cog_id = arena_copy(access->arena, options->cog_id);
    access->options.user = arena_copy(access->arena, options->user);
    enum err_code code =
        signer_create(options->certificate.ptr, options->key.ptr, &access->signer, err);
    if (!code)
        code = check(access, err);
    if (code) {
        cog_access_destroy(access);
        return code;
    }
    *out = access;
    return OK;
}

void cog_access_destroy(struct cog_access *access)
{
    if (!access)
        return;
    signer_destroy(access->signer);
    arena_destroy(access->arena);
    free(access);
}

enum cog_service cog_service_of(struct slice url)
{
    if (slice_ifind(url, "fema.gov") < 0)
        return COG_OTHER;
    return slice_ifind(url, "//tdl.") < 0 ? COG_FEMA : COG_FEMA_TEST;
}

enum err_code cog_access_check(const struct cog_access *access, int64_t now_s, struct err *err)
{
    int64_t from_s = signer_not_before_s(access->signer), to_s = cog_access_ends_s(access);
    char text[CLOCK_TEXT_MAX];
    if (now_s < from_s)
        return err_set(err, ERR_STATE, "the COG's certificate is not valid before %s",
                       clock_format_s(from_s, text));
    if (now_s >= to_s)
        return err_set(err, ERR_STATE, "the COG's certificate ended at %s",
                       clock_format_s(to_s, text));
    return OK;
}

int64_t cog_access_ends_s(const struct cog_access *access)
{
    return signer_not_after_s(access->signer);
}

struct slice cog_access_warning(const struct cog_access *access, struct arena *arena, int64_t now_s)
{
    int64_t ends_s = cog_access_ends_s(access);
    char text[CLOCK_TEXT_MAX];
    return ends_s - now_s >= WARN_S ? SLICE("")
                                    : arena_printf(arena, "THE COG'S CERTIFICATE ENDS AT %s",
                                                   clock_format_s(ends_s, text));
}

const struct signer *cog_access_signer(const struct cog_access *access)
{
    return access->signer;
}

const struct cog_access_options *cog_access_options(const struct cog_access *access)
{
    return &access->options;
}
