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

/* Texts have a NUL behind them; they are copied. */
struct cog_access_options {
    struct slice certificate; /* file, PEM, as FEMA gave it out */
    struct slice key;         /* file, PEM; absent: in the certificate's */
    struct slice cog_id;      /* digits */
    struct slice user;        /* logonUser, kept by IPAWS with what is done */
    bool timestamp;           /* a signed wsu:Timestamp in every request */
};

/* Of these rows' values, struct slice each. */
enum err_code cog_check_id(const void *value, struct err *err);
enum err_code cog_check_user(const void *value, struct err *err);

/* The rows of a table of `struct conf_row` for a `struct of` that has these options in `member`.
 */
#define COG_ACCESS_ROWS(of, member)                                                                \
    {.name = "cog_id",                                                                             \
     .type = CONF_TEXT,                                                                            \
     .offset = offsetof(struct of, member.cog_id),                                                 \
     .required = true,                                                                             \
     .check = cog_check_id,                                                                        \
     .help = "The COG's id, digits. The certificate's name must hold it."},                        \
        {.name = "user",                                                                           \
         .type = CONF_TEXT,                                                                        \
         .offset = offsetof(struct of, member.user),                                               \
         .required = true,                                                                         \
         .check = cog_check_user,                                                                  \
         .help = "logonUser: who asks or posts, for FEMA's records."},                             \
        {.name = "certificate",                                                                    \
         .type = CONF_PATH,                                                                        \
         .file = CONF_FILE_CERTIFICATE,                                                            \
         .offset = offsetof(struct of, member.certificate),                                        \
         .required = true,                                                                         \
         .help = "The COG's certificate (PEM) that FEMA gave out. It signs all that is sent, and " \
                 "is shown where the server asks for one."},                                       \
        {.name = "key",                                                                            \
         .type = CONF_PATH,                                                                        \
         .file = CONF_FILE_KEY,                                                                    \
         .offset = offsetof(struct of, member.key),                                                \
         .help = "Its private key (PEM, without a password, mode 0600); default: in the "          \
                 "certificate's file."},                                                           \
    {                                                                                              \
        .name = "timestamp", .type = CONF_BOOL, .offset = offsetof(struct of, member.timestamp),   \
        .fallback = "false",                                                                       \
        .help = "A signed wsu:Timestamp in each request. FEMA's guide asks for none."              \
    }

/* Reads the files (origin/sign.h says what is refused). The certificate's name must hold the COG
 * id, as IPAWS checks it [IDG 8.2.1]. */
enum err_code cog_access_create(const struct cog_access_options *options, struct cog_access **out,
                                struct err *err);
/* Accepts NULL. */
void cog_access_destroy(struct cog_access *access);

/* Whose service an URL leads to. FEMA's host of the test environment begins with tdl. [OpenEOC];
 * what that has says Actual, and is not. */
enum cog_service { COG_OTHER = 0, COG_FEMA, COG_FEMA_TEST };
enum cog_service cog_service_of(struct slice url);

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
