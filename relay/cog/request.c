#include "cog/request.h"

#include "alert/parse.h"
#include "base/buf.h"
#include "base/clock.h"
#include "cog/names.h"
#include "origin/sign.h"

/* How long a request is meant to live. IPAWS itself allows an alert five minutes. */
enum { TIMESTAMP_S = 300, ENVELOPE_BYTES_MAX = PARSE_BYTES_MAX + 256 * 1024 };

const char *cog_soap_action(enum cog_call call)
{
    static const char *const lines[] = {
        [COG_GET_REQUEST] = "SOAPAction: \"" COG_SERVICE "getRequest\"",
        [COG_GET_MESSAGE] = "SOAPAction: \"" COG_SERVICE "getMessage\"",
        [COG_POST_CAP] = "SOAPAction: \"" COG_SERVICE "postCAP\"",
    };
    return lines[call];
}

const char *cog_content_type(void)
{
    return "text/xml; charset=utf-8";
}

static void put_text(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '&')
            buf_put_cstr(out, "&amp;");
        else if (c == '<')
            buf_put_cstr(out, "&lt;");
        else if (c == '>')
            buf_put_cstr(out, "&gt;");
        else if ((unsigned char)c >= ' ')
            buf_put_char(out, c);
    }
}

static void put_element(struct buf *out, const char *name, struct slice text)
{
    if (!text.ptr)
        return;
    buf_printf(out, "<%s>", name);
    put_text(out, text);
    buf_printf(out, "</%s>", name);
}

static void put_timestamp(struct buf *out, int64_t now_s)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    buf_printf(out,
               "<wsu:Timestamp wsu:Id=\"timestamp\"><wsu:Created>%s</wsu:Created>"
               "<wsu:Expires>%s</wsu:Expires></wsu:Timestamp>",
               clock_format_s(now_s, from), clock_format_s(now_s + TIMESTAMP_S, to));
}

/* Returns where the signature's template stands. */
static size_t put_header(struct buf *out, const struct cog_access *access, int64_t now_s,
                         struct slice template)
{
    const struct cog_access_options *own = cog_access_options(access);
    buf_put_cstr(out, "<soap:Header><wsse:Security xmlns:wsse=\"" COG_SECURITY
                      "\" soap:mustUnderstand=\"1\">"
                      "<wsse:BinarySecurityToken EncodingType=\"" COG_BASE64
                      "\" ValueType=\"" COG_X509 "\" wsu:Id=\"token\">");
    buf_put(out, signer_certificate(cog_access_signer(access)));
    buf_put_cstr(out, "</wsse:BinarySecurityToken>");
    if (own->timestamp)
        put_timestamp(out, now_s);
    size_t at = out->len;
    buf_put(out, template);
    buf_put_cstr(out, "</wsse:Security><ipaws:CAPHeaderTypeDef>");
    put_element(out, "ipaws:logonUser", own->user);
    put_element(out, "ipaws:logonCogId", own->cog_id);
    buf_put_cstr(out, "</ipaws:CAPHeaderTypeDef></soap:Header>");
    return at;
}

/* The whole envelope around what stands in the Body, signed. */
static enum err_code seal(const struct cog_access *access, struct arena *arena, struct slice body,
                          int64_t now_s, struct slice *out, struct err *err)
{
    static const char *const references[] = {"#body", "#timestamp"};
    struct slice template =
        sign_template(arena, references, cog_access_options(access)->timestamp ? 2 : 1,
                      "<wsse:SecurityTokenReference><wsse:Reference URI=\"#token\" "
                      "ValueType=\"" COG_X509 "\"/></wsse:SecurityTokenReference>");
    struct buf text;
    buf_init(&text, ENVELOPE_BYTES_MAX);
    buf_put_cstr(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<soap:Envelope xmlns:soap=\"" COG_SOAP "\" xmlns:wsu=\"" SIGN_UTILITY
                        "\" xmlns:ipaws=\"" COG_SERVICE "\">");
    size_t at = put_header(&text, access, now_s, template);
    buf_put_cstr(&text, "<soap:Body wsu:Id=\"body\">");
    buf_put(&text, body);
    buf_put_cstr(&text, "</soap:Body></soap:Envelope>\n");
    enum err_code code = buf_failed(&text)
                             ? err_set(err, ERR_LIMIT, "the request would be larger than %d bytes",
                                       ENVELOPE_BYTES_MAX)
                             : sign_fill(cog_access_signer(access), arena, buf_slice(&text), at,
                                         template.len, out, err);
    buf_fini(&text);
    return code;
}

enum err_code cog_ask(const struct cog_access *access, struct arena *arena, enum cog_call call,
                      const struct cog_question *question, int64_t now_s, struct slice *out,
                      struct err *err)
{
    const char *element = call == COG_GET_MESSAGE ? "getMessageTypeDef" : "getRequestTypeDef";
    struct buf body;
    buf_init(&body, 16 * 1024);
    buf_printf(&body, "<ipaws:%s xmlns:req=\"" COG_REQUEST "\">", element);
    put_element(&body, "req:requestAPI", SLICE("REQUEST1"));
    put_element(&body, "req:requestOperation", slice_from_cstr(question->operation));
    if (question->name) {
        buf_put_cstr(&body, "<req:parameters>");
        put_element(&body, "req:parameterName", slice_from_cstr(question->name));
        put_element(&body, "req:comparisonOp", slice_from_cstr(question->comparison));
        put_element(&body, "req:parameterValue", question->value);
        buf_put_cstr(&body, "</req:parameters>");
    }
    buf_printf(&body, "</ipaws:%s>", element);
    enum err_code code = buf_failed(&body) ? err_set(err, ERR_LIMIT, "the question is too long")
                                           : seal(access, arena, buf_slice(&body), now_s, out, err);
    buf_fini(&body);
    return code;
}

/* Without the declaration and the white space around. */
static struct slice inner(struct slice alert)
{
    struct slice text = slice_trim(alert);
    ptrdiff_t end = slice_starts_with(text, "<?xml") ? slice_find(text, "?>") : -1;
    return end < 0 ? text : slice_trim(slice_sub(text, (size_t)end + 2, text.len));
}

enum err_code cog_post(const struct cog_access *access, struct arena *arena, struct slice alert,
                       int64_t now_s, struct slice *out, struct err *err)
{
    struct slice alert_signed;
    enum err_code code =
        sign_alert(cog_access_signer(access), arena, inner(alert), &alert_signed, err);
    if (code)
        return code;
    struct slice body =
        arena_printf(arena, "<ipaws:postCAPRequestTypeDef>%.*s</ipaws:postCAPRequestTypeDef>",
                     SLICE_ARG(alert_signed));
    return seal(access, arena, body, now_s, out, err);
}
