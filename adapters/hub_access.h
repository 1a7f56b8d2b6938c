/*
 * hub_access: the access code of a MASAS hub, for who reads from it and who posts to it: where it
 * may go, and what must not repeat it.
 *
 * It goes to the hub's own server alone, as parameter `secret` or as `Authorization: MASAS-Secret`
 * (both are known of hubs); never into a log or an error. For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_HUB_ACCESS_H
#define CAPRELAY_ADAPTERS_HUB_ACCESS_H

#include "conf/conf.h"
#include "conf/secret.h"
#include "http/http.h"

enum hub_secret_in { HUB_SECRET_QUERY = 0, HUB_SECRET_HEADER };
extern const struct conf_choice hub_secret_choices[];
/* Rows for a table of `struct conf_row`; the places are the rows' `.offset = ...`: of a struct
 * slice, and of an int. */
#define HUB_SECRET_ROWS(is_required, file_place, in_place)                                         \
    {.name = "secret_file",                                                                        \
     .type = CONF_PATH,                                                                            \
     file_place,                                                                                   \
     .required = is_required,                                                                      \
     .help = "File with the access code of the hub. It goes to the hub's own server alone, and "   \
             "into no log."},                                                                      \
    {                                                                                              \
        .name = "secret_in", .type = CONF_CHOICE, in_place, .fallback = "query",                   \
        .choices = hub_secret_choices,                                                             \
        .help = "query: as parameter `secret`, which servers and proxies write into their logs; "  \
                "header: as `Authorization: MASAS-Secret ...`."                                    \
    }

struct hub_access {
    char secret[CONF_SECRET_BYTES + 1]; /* empty: none */
    enum hub_secret_in in;
    struct slice server; /* with a slash at the end; of the arena of hub_access_init() */
};

/* Whether the URL, which is one, may go with a secret; reads the file, where one is named. */
enum err_code hub_access_init(struct hub_access *access, struct arena *arena, struct slice url,
                              struct slice secret_file, enum hub_secret_in in, struct err *err);
void hub_access_fini(struct hub_access *access);

/* Whether the address is on the hub's own server. */
bool hub_access_is_own(const struct hub_access *access, struct slice url);
/* `url` with one more parameter, escaped. In the arena. */
struct slice hub_access_put(struct arena *arena, struct slice url, struct slice name,
                            struct slice value);
/* Adds the secret to a call to the hub's own server; others stay as they are. `headers` are the
 * call's, with room for one more; texts are in the arena. */
void hub_access_add(const struct hub_access *access, struct arena *arena, struct http_call *call,
                    const char **headers);
/* What the server repeats of the secret is blotted out, in place, also where it is escaped for an
 * URL or for XML: what is delivered is published. */
void hub_access_blot(const struct hub_access *access, struct slice bytes);

#endif
