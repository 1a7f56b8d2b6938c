/*
 * access: who asks IPAWS: a Collaborative Operating Group (COG) with its certificate and key.
 */
#ifndef CAPRELAY_COG_ACCESS_H
#define CAPRELAY_COG_ACCESS_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct cog_access;
struct signer;

/* Texts are copied. */
struct cog_access_options {
    const char *certificate; /* PEM, as FEMA gave it out */
    const char *key;         /* PEM; NULL: in the certificate's file */
    struct slice cog_id;     /* digits */
    struct slice user;       /* logonUser, kept by IPAWS with what is done */
    bool timestamp;          /* a signed wsu:Timestamp in every request */
};

/* Reads the files (origin/sign.h says what is refused). The certificate's name must hold the COG
 * id, as IPAWS checks it [IDG 8.2.1]. */
enum err_code cog_access_create(const struct cog_access_options *options, struct cog_access **out,
                                struct err *err);
/* Accepts NULL. */
void cog_access_destroy(struct cog_access *access);

/* ERR_STATE where the certificate is not valid at that time. */
enum err_code cog_access_check(const struct cog_access *access, int64_t now_s, struct err *err);
/* When it ends. */
int64_t cog_access_ends_s(const struct cog_access *access);
/* What to tell people from 30 days before the end on, in the arena; the empty text until then. */
struct slice cog_access_warning(const struct cog_access *access, struct arena *arena,
                                int64_t now_s);

/* --- for the room alone --- */

const struct signer *cog_access_signer(const struct cog_access *access);
const struct cog_access_options *cog_access_options(const struct cog_access *access);

#endif
