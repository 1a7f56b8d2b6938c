/* The kinds of outlets; a new one adds two lines. */
#include "outlets/outlet.h"

extern const struct outlet_ops outlet_amqp;
extern const struct outlet_ops outlet_ipaws_cog;
extern const struct outlet_ops outlet_masas;
extern const struct outlet_ops outlet_webhook;

const struct outlet_ops *const outlet_registry[] = {
    &outlet_amqp, &outlet_ipaws_cog, &outlet_masas, &outlet_webhook, NULL,
};

const struct outlet_ops *outlet_find(struct slice kind)
{
    for (size_t i = 0; outlet_registry[i]; i++)
        if (slice_eq_cstr(kind, outlet_registry[i]->kind))
            return outlet_registry[i];
    return NULL;
}
