#include "intake/passage.h"

#include <stdarg.h>

/* More remarks than any reader would read; further ones are left out. */
enum { REMARKS_MAX = 50 };

bool passage_stop(struct passage *passage, enum verdict verdict, struct slice reason,
                  const char *detail_format, ...)
{
    passage->verdict = verdict;
    passage->reason = arena_copy(passage->arena, reason);
    va_list args;
    va_start(args, detail_format);
    passage->detail = arena_vprintf(passage->arena, detail_format, args);
    va_end(args);
    return false;
}

void passage_remark(struct passage *passage, const char *code, const char *format, ...)
{
    if (passage->remark_count >= REMARKS_MAX)
        return;
    passage->remarks = arena_grow(passage->arena, passage->remarks, passage->remark_count,
                                  &passage->remark_capacity, sizeof(*passage->remarks));
    struct bulletin_note *remark = &passage->remarks[passage->remark_count++];
    va_list args;
    va_start(args, format);
    *remark = (struct bulletin_note){.code = slice_from_cstr(code),
                                     .text = arena_vprintf(passage->arena, format, args)};
    va_end(args);
}

const struct route_area *passage_area(struct passage *passage)
{
    if (!passage->has_area)
        route_area_of(passage->house->geo, passage->arena, passage->alert,
                      passage->profile == PROFILE_CAP_CP, &passage->area);
    passage->has_area = true;
    return &passage->area;
}

int64_t passage_now_s(const struct passage *passage)
{
    return clock_now_us(passage->house->clock) / 1000000;
}

bool passage_follows(const struct passage *passage)
{
    return passage->alert->msg_type == MSG_TYPE_UPDATE ||
           passage->alert->msg_type == MSG_TYPE_CANCEL;
}
