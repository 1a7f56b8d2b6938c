#include "publish/in_force.h"

#include <string.h>

struct in_force_walk {
    struct in_force *set;
    struct digest_state digest;
};

static bool in_force_take(void *context, const struct journal_row *row)
{
    struct in_force_walk *walk = context;
    struct in_force *set = walk->set;

    digest_add_u64be(&walk->digest, row->seq);
    set->count++;
    if (!set->next_expiry_s || row->until_s < set->next_expiry_s)
        set->next_expiry_s = row->until_s;
    return true;
}

/* A clock that was set back makes expired ones live again, so the answer is only good from when it
 * was made. */
static bool in_force_is_true(const struct in_force *set, int64_t arrivals, int64_t now_s)
{
    return set->known && set->arrivals == arrivals && now_s >= set->made_s &&
           (!set->next_expiry_s || now_s < set->next_expiry_s);
}

enum err_code in_force_refresh(struct in_force *set, struct journal *journal,
                               enum alert_class class, int64_t now_s, struct err *err)
{
    struct in_force_walk walk = {.set = set};
    int64_t arrivals = journal_state(journal).arrivals;
    enum err_code code;

    if (in_force_is_true(set, arrivals, now_s))
        return OK;
    memset(set, 0, sizeof(*set));
    digest_begin(&walk.digest);
    code = journal_in_force(journal, class, SIDE_NONE, (struct slice){NULL, 0}, now_s,
                            in_force_take, &walk, err);
    if (code)
        return code;
    set->digest = digest_end(&walk.digest);
    set->arrivals = arrivals;
    set->made_s = now_s;
    set->known = true;
    return OK;
}
