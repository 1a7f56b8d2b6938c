/* The alert element itself: what may be translated, and everything of it but references and infos.
 */
#include "profile/profile.h"
#include "translate/generated.h"

static enum err_code check_class(const struct work *work, struct err *err)
{
    enum alert_class by_status = alert_class_of_status(work->source->status);
    if (by_status != CLASS_NONE && work->input->class != CLASS_NONE &&
        by_status != work->input->class)
        return err_set(err, ERR_INVALID, "status %s in class %s",
                       cap_status_name(work->source->status), alert_class_name(work->input->class));
    return OK;
}

static const char *first_fatal(const struct alert *alert, int *len)
{
    for (size_t i = 0; i < alert->findings.count; i++) {
        const struct finding *finding = &alert->findings.items[i];
        if (finding->severity != FINDING_FATAL)
            continue;
        *len = (int)text_short(finding->text, 200).len;
        return finding->text.ptr;
    }
    return NULL;
}

enum err_code step_check(struct work *work, struct err *err)
{
    const struct alert *source = work->source;
    int len = 0;
    const char *fatal = first_fatal(source, &len);
    if (source->kind == KIND_UNREADABLE || fatal)
        return err_set(err, ERR_INVALID, "cannot be read as an alert: %.*s", len,
                       fatal ? fatal : "");
    const struct {
        bool missing;
        const char *name;
    } needed[] = {
        {slice_is_empty(source->identifier), "identifier"},
        {slice_is_empty(source->sender), "sender"},
        {!source->sent.set, "sent"},
        {source->status == STATUS_NONE, "status"},
        {source->msg_type == MSG_TYPE_NONE, "msgType"},
        {source->scope == SCOPE_NONE && source->version != CAP_1_0, "scope"},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (needed[i].missing)
            return err_set(err, ERR_INVALID, "no readable %s", needed[i].name);
    }
    if (!text_is_sender(work->options->derived_sender))
        return err_set(err, ERR_INVALID,
                       "the sender of derived messages has a character CAP forbids");
    return check_class(work, err);
}

/* Who said it: the original sender, and the name it goes by. */
static struct slice source_of(struct work *work)
{
    struct slice name = work->source->source;
    if (slice_is_empty(name) && work->info_count > 0)
        name = work->infos[0]->sender_name;
    if (slice_is_empty(name))
        return work->source->sender;
    return arena_printf(work->arena, "%.*s (%.*s)", SLICE_ARG(work->source->sender),
                        SLICE_ARG(name));
}

bool source_is_eccc(const struct work *work)
{
    for (size_t i = 0; i < work->source->codes.count; i++) {
        if (slice_istarts_with(work->source->codes.items[i], "layer:EC-MSC-SMC"))
            return true;
    }
    return false;
}

/* In whose words it is, and what is not. */
static struct slice authorship_of(const struct work *work)
{
    return work_to_us(work)
               ? SLICE("Headline, description and instruction are the sender's own words; codes, "
                       "shapes, time offsets, language labels and English marked AutoTranslated "
                       "may be the relay's. The original goes with it unaltered and has "
                       "precedence.")
               : SLICE("Headline, description and instruction are the sender's own words; codes, "
                       "shapes, language labels and French marked AutoTranslated may be the "
                       "relay's. The original goes with it unaltered and has precedence.");
}

/* "The original, an Update, ends what it references: here it is a Cancel." "" where it is not so.
 */
static struct slice note_of_ending(struct work *work, enum words words)
{
    if (work->derived->msg_type == work->source->msg_type)
        return SLICE("");
    struct slice was = slice_from_cstr(cap_msg_type_name(work->source->msg_type));
    return PHRASE_IN(words, work, "note", "ending", {"value", was});
}

static struct slice note_of_french(struct work *work)
{
    if (work_to_us(work))
        return SLICE("");
    struct slice authorship = table_words(WORDS_FRENCH, "note", "authorship");
    struct slice ending = note_of_ending(work, WORDS_FRENCH);
    return arena_printf(work->arena, " %.*s%s%.*s", SLICE_ARG(authorship),
                        ending.len > 0 ? " " : "", SLICE_ARG(ending));
}

/* The attribution is a condition of ECCC's end-use licence. */
static struct slice note_of(struct work *work)
{
    const struct alert *source = work->source;
    struct cap_time sent = cap_time_make(work->arena, source->sent.utc_s, 0);
    struct slice ending = note_of_ending(work, WORDS_ENGLISH);
    struct slice note = source->note;
    return arena_printf(
        work->arena, "Translation by caprelay (%s) of %.*s,%.*s,%.*s. %.*s%s%.*s%.*s%s%s%.*s",
        target_name(work->input->target), SLICE_ARG(source->sender), SLICE_ARG(source->identifier),
        SLICE_ARG(sent.text), SLICE_ARG(authorship_of(work)), ending.len > 0 ? " " : "",
        SLICE_ARG(ending), SLICE_ARG(note_of_french(work)),
        source_is_eccc(work) ? " Data Source: Environment and Climate Change Canada." : "",
        slice_is_empty(note) ? "" : " Original note: ", SLICE_ARG(note));
}

/* Ours, which a looping message may carry already. */
static bool is_own_code(const struct cap_texts *codes, struct slice code)
{
    return slice_ieq(codes->items[0], code) || slice_ieq(codes->items[1], code);
}

static void trace_own_code(struct work *work, size_t given, size_t own)
{
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_MAPPED,
                  arena_printf(work->arena, "alert/code[%zu]", given + 1).ptr,
                  arena_printf(work->arena, "alert/code[%zu]", own + 1).ptr,
                  "rule: the target's own code, once");
}

static struct cap_texts codes_of(struct work *work)
{
    const struct cap_texts *given = &work->source->codes;
    struct cap_texts codes = {
        .items = arena_alloc_array(work->arena, given->count + 2, sizeof(struct slice))};
    codes.items[codes.count++] =
        work_to_us(work) ? SLICE("IPAWSv1.0") : SLICE("profile:CAP-CP:0.4");
    codes.items[codes.count++] = SLICE(RELAY_MARK_CODE);
    trace_add(work->trace, work->arena, TRACE_ADDED, "", "alert/code[1]",
              "rule: the target's profile");
    trace_add(work->trace, work->arena, TRACE_ADDED, "", "alert/code[2]", "rule: the relay's mark");
    for (size_t i = 0; i < given->count; i++) {
        struct slice code = given->items[i];
        struct name_rule rule = work_name_rule(work, "code", code);
        if (slice_is_empty(code))
            continue;
        if (is_own_code(&codes, code)) {
            trace_own_code(work, i, slice_ieq(codes.items[0], code) ? 0 : 1);
            continue;
        }
        if (rule.keep) {
            codes.items[codes.count++] = code;
            continue;
        }
        const char *path = arena_printf(work->arena, "alert/code[%zu]", i + 1).ptr;
        notes_add(work->notes, work->arena, NOTE_CODE_DROPPED, path, "%.*s: %.*s.",
                  SLICE_ARG(text_short(code, 80)), SLICE_ARG(rule.reason));
        trace_add(work->trace, work->arena, TRACE_DROPPED, path, "", "value_names:%.*s",
                  SLICE_ARG(rule.key));
    }
    return codes;
}

/* Everything that is not copied as it is; `code` is traced where it is made. */
static void trace_message(struct work *work)
{
    static const struct {
        enum trace_kind kind;
        const char *from, *to, *by;
    } made[] = {
        {TRACE_MAPPED, "alert/identifier", "alert/identifier", "rule: derived identity"},
        {TRACE_MAPPED, "alert/sender", "alert/sender", "rule: the sender of derived messages"},
        {TRACE_MAPPED, "alert/sender", "alert/source", "rule: who said it"},
        {TRACE_COMPUTED, "alert/source", "alert/source", "rule: who said it"},
        {TRACE_DROPPED, "alert/Signature", "",
         "rule: a translation is a new work; the original goes with it"},
        {TRACE_MAPPED, "alert/note", "alert/note", "rule: says what it is a translation of"},
    };
    for (size_t i = 0; work->trace && i < sizeof(made) / sizeof(made[0]); i++)
        trace_add(work->trace, work->arena, made[i].kind, made[i].from, made[i].to, "%s",
                  made[i].by);
}

enum err_code step_message(struct work *work, struct err *err)
{
    (void)err;
    const struct alert *source = work->source;
    struct alert *derived = work->derived;
    struct identity identity = identity_of(source, work->input->class);
    derived->version = CAP_1_2;
    derived->kind = KIND_ALERT;
    derived->relayable = true;
    derived->identifier = identity_derived(work->arena, &identity, target_side(work->input->target),
                                           work->input->conflict);
    derived->sender = arena_copy(work->arena, work->options->derived_sender);
    derived->sent = source->sent;
    derived->status = source->status;
    derived->msg_type = ending_msg_type(work);
    derived->scope = source->scope;
    if (source->scope == SCOPE_NONE) {
        derived->scope = SCOPE_PUBLIC;
        notes_add(work->notes, work->arena, NOTE_SCOPE_FILLED, "alert/scope",
                  "CAP 1.0 without scope is Public.");
        trace_add(work->trace, work->arena, TRACE_ADDED, "", "alert/scope",
                  "rule: CAP 1.0 without scope is Public");
    }
    derived->source = source_of(work);
    derived->restriction = source->restriction;
    derived->addresses = source->addresses;
    derived->codes = codes_of(work);
    derived->note = note_of(work);
    derived->incidents = source->incidents;
    trace_message(work);
    return OK;
}
