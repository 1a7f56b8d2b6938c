/* Resources: described and linked; embedded content stays in the original, which travels with the
 * translation. */
#include "translate/internal.h"

static const char *path_resource(struct work *work, size_t i, size_t j, const char *element)
{
    return arena_printf(work->arena, "alert/info[%zu]/resource[%zu]/%s", i + 1, j + 1, element).ptr;
}

static void fill(struct work *work, struct slice *element, struct slice value, const char *path)
{
    if (!slice_is_empty(*element))
        return;
    *element = value;
    notes_add(work->notes, work->arena, NOTE_RESOURCE_FILLED, path,
              "Mandatory, and missing in the source: %.*s.", SLICE_ARG(value));
}

static void translate_resource(struct work *work, size_t i, size_t j, struct cap_resource *resource)
{
    resource->line = 0;
    fill(work, &resource->resource_desc, SLICE("Resource without description"),
         path_resource(work, i, j, "resourceDesc"));
    fill(work, &resource->mime_type, SLICE("application/octet-stream"),
         path_resource(work, i, j, "mimeType"));
    if (!slice_is_empty(resource->size) && !text_is_integer(resource->size)) {
        notes_add(work->notes, work->arena, NOTE_SIZE_DROPPED, path_resource(work, i, j, "size"),
                  "Not a number of bytes: %.*s.", SLICE_ARG(text_short(resource->size, 40)));
        resource->size = (struct slice){0};
    }
    uri_correct(work, &resource->uri, path_resource(work, i, j, "uri"));
    if (!slice_is_empty(resource->deref_uri)) {
        notes_add(work->notes, work->arena, NOTE_EMBEDDED_LEFT_OUT,
                  path_resource(work, i, j, "derefUri"),
                  "%zu characters of embedded content are in the original only.",
                  resource->deref_uri.len);
        resource->deref_uri = (struct slice){0};
    }
}

enum err_code step_resources(struct work *work, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < work->derived->info_count; i++) {
        struct cap_info *info = &work->derived->infos[i];
        const struct cap_resource *given = info->resources;
        info->resources =
            arena_alloc_array(work->arena, info->resource_count, sizeof(*info->resources));
        for (size_t j = 0; j < info->resource_count; j++) {
            info->resources[j] = given[j];
            translate_resource(work, i, j, &info->resources[j]);
        }
    }
    return OK;
}
