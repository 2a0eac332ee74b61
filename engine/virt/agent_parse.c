/* agent_parse.c - replies of the guest agent: types, ranges and sizes checked before use. */
#include "virt/agent_parse.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

static bool refuse(GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
            "the guest agent's answer is not valid: %s", what);
    return false;
}

static cJSON *parse_reply(const char *reply, GError **error)
{
    gsize length = strnlen(reply, AGENT_REPLY_MAX + 1);
    if (length > AGENT_REPLY_MAX) {
        refuse(error, "it is too long");
        return NULL;
    }
    g_autoptr(GError) cause = NULL;
    cJSON *json = json_parse(reply, length, &cause);
    if (!json) {
        refuse(error, cause->message);
    }
    return json;
}

/* A whole number that a double holds exactly. */
static bool read_whole(const cJSON *item, gint64 *ret)
{
    if (!cJSON_IsNumber(item) ||
            !(item->valuedouble >= 0 && item->valuedouble <= 9007199254740992.0)) {
        return false;
    }
    gint64 whole = (gint64)item->valuedouble;
    if ((double)whole != item->valuedouble) {
        return false;
    }
    *ret = whole;
    return true;
}

bool agent_parse_number(const char *reply, const char *member, gint64 *ret, GError **error)
{
    auto_json json = parse_reply(reply, error);
    if (!json) {
        return false;
    }
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "return");
    if (member) {
        item = cJSON_GetObjectItemCaseSensitive(item, member);
    }
    return read_whole(item, ret) || refuse(error, member ? member : "return");
}

/* Decodes base64 text up to max bytes; what lies behind is dropped undecoded. */
static bool decode(const char *text, gsize max, GByteArray *bytes, GError **error)
{
    gsize length = strlen(text);
    if (length % 4 != 0 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789+/=") != length) {
        return refuse(error, "base64");
    }
    gsize wanted = MIN(length, (max / 3 + 1) * 4);
    gint state = 0;
    guint save = 0;
    g_autofree guchar *out = g_malloc(wanted / 4 * 3 + 3);
    gsize n = g_base64_decode_step(text, wanted, out, &state, &save);
    g_byte_array_append(bytes, out, (guint)MIN(n, max));
    return true;
}

/* What comes of that much base64, its padding taken off. */
static gsize decoded_length(const char *text)
{
    gsize length = strlen(text);
    return length / 4 * 3 - (g_str_has_suffix(text, "==")         ? 2
                                    : g_str_has_suffix(text, "=") ? 1
                                                                  : 0);
}

static bool read_output(const cJSON *status, const char *name, char **ret, gsize *ret_length,
        bool *ret_cut, GError **error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(status, name);
    if (item && !cJSON_IsString(item)) {
        return refuse(error, name);
    }
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (item && !decode(item->valuestring, VIRT_OUTPUT_MAX, bytes, error)) {
        return false;
    }
    *ret_cut = item && decoded_length(item->valuestring) > VIRT_OUTPUT_MAX;
    *ret_length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *ret = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return true;
}

bool agent_parse_status(
        const char *reply, bool *ret_exited, struct virt_exec_result *ret, GError **error)
{
    auto_json json = parse_reply(reply, error);
    if (!json) {
        return false;
    }
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(json, "return");
    const cJSON *exited = cJSON_GetObjectItemCaseSensitive(status, "exited");
    if (!cJSON_IsBool(exited)) {
        return refuse(error, "exited");
    }
    if (!cJSON_IsTrue(exited)) {
        *ret_exited = false;
        return true;
    }
    gint64 code = 0;
    gint64 signal = 0;
    bool has_code = read_whole(cJSON_GetObjectItemCaseSensitive(status, "exitcode"), &code);
    bool has_signal = read_whole(cJSON_GetObjectItemCaseSensitive(status, "signal"), &signal);
    if ((!has_code && !has_signal) || code > 255 || signal > 127) {
        return refuse(error, "exitcode");
    }
    struct virt_exec_result result = {.status = (int)(has_code ? code : 128 + signal)};
    if (!read_output(status, "out-data", &result.out, &result.out_length, &result.out_cut, error) ||
            !read_output(
                    status, "err-data", &result.err, &result.err_length, &result.err_cut, error)) {
        agent_result_clear(&result);
        return false;
    }
    *ret = result;
    *ret_exited = true;
    return true;
}

void agent_result_clear(struct virt_exec_result *result)
{
    g_clear_pointer(&result->out, g_free);
    g_clear_pointer(&result->err, g_free);
    result->out_length = result->err_length = 0;
}

bool agent_parse_read(
        const char *reply, gsize max, GByteArray *bytes, bool *ret_eof, GError **error)
{
    auto_json json = parse_reply(reply, error);
    if (!json) {
        return false;
    }
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(json, "return");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(part, "buf-b64");
    const cJSON *eof = cJSON_GetObjectItemCaseSensitive(part, "eof");
    if (!cJSON_IsString(data) || !cJSON_IsBool(eof)) {
        return refuse(error, "buf-b64 or eof");
    }
    if (!decode(data->valuestring, max, bytes, error)) {
        return false;
    }
    *ret_eof = cJSON_IsTrue(eof);
    return true;
}
