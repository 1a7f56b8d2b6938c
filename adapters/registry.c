/* The adapters; a new one adds two lines. */
#include "adapters/adapter.h"

extern const struct adapter_ops adapter_atom;
extern const struct adapter_ops adapter_eccc;
extern const struct adapter_ops adapter_file;
extern const struct adapter_ops adapter_replay;
extern const struct adapter_ops adapter_inject;
extern const struct adapter_ops adapter_inject_http;
extern const struct adapter_ops adapter_ipaws;
extern const struct adapter_ops adapter_ipaws_cog;
extern const struct adapter_ops adapter_naad;
extern const struct adapter_ops adapter_nws;
extern const struct adapter_ops adapter_nwws;

const struct adapter_ops *const adapter_registry[] = {
    &adapter_eccc,        &adapter_file,  &adapter_replay,    &adapter_inject,
    &adapter_inject_http, &adapter_ipaws, &adapter_ipaws_cog, &adapter_naad,
    &adapter_nws,         &adapter_nwws,  &adapter_atom,      NULL,
};

const struct adapter_ops *adapter_find(struct slice name)
{
    for (size_t i = 0; adapter_registry[i]; i++)
        if (slice_eq_cstr(name, adapter_registry[i]->name))
            return adapter_registry[i];
    return NULL;
}
