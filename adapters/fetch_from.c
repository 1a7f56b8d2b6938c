#include "adapters/fetch_from.h"

#include "http/http.h"

enum err_code fetch_from_check(const void *value, struct err *err)
{
    const struct conf_texts *prefixes = value;
    for (size_t i = 0; i < prefixes->count; i++) {
        struct slice prefix = prefixes->items[i];
        if (http_url_check(prefix, err) != OK)
            return ERR_INVALID;
        if (!slice_ends_with(prefix, "/"))
            return err_set(err, ERR_INVALID,
                           "%.*s must end with a slash, or it is the beginning of "
                           "other hosts' names too",
                           SLICE_ARG(prefix));
    }
    return OK;
}

bool fetch_from_has(struct conf_texts prefixes, struct slice url)
{
    for (size_t i = 0; i < prefixes.count; i++)
        if (slice_starts_with(url, prefixes.items[i].ptr))
            return true;
    return false;
}
