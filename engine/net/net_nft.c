/* net_nft.c - libnftables in another network namespace. */
#include "net/net_router.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

struct visit { /* one piece of work in a thread that ends in the other namespace */
    int space;
    bool (*fn)(struct visit *visit);
    const char *commands;
    bool json;
    char *out;
    GError *error;
};

static bool fail(struct visit *visit, const char *what, const char *why)
{
    g_set_error(&visit->error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s", what, why);
    return false;
}

static gpointer visit_thread(gpointer data)
{
    struct visit *visit = data;
    if (setns(visit->space, CLONE_NEWNET) != 0) {
        fail(visit, "cannot enter a router's network namespace", g_strerror(errno));
        return NULL;
    }
    visit->fn(visit);
    return NULL;
}

static bool visit_space(struct visit *visit, GError **error)
{
    g_autoptr(GError) thread_error = NULL;
    GThread *thread = g_thread_try_new("router", visit_thread, visit, &thread_error);
    if (!thread) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no thread: %s",
                thread_error->message);
        return false;
    }
    g_thread_join(thread);
    if (visit->error) {
        g_propagate_error(error, g_steal_pointer(&visit->error));
        return false;
    }
    return true;
}

/* The first line of what nft says: "Error: Could not process rule: …". */
static char *first_line(const char *text)
{
    const char *start = text && g_str_has_prefix(text, "Error: ") ? text + 7 : text;
    return start ? g_strndup(start, strcspn(start, "\n")) : g_strdup("no reason given");
}

static bool run_nft(struct visit *visit)
{
    static GMutex one_at_a_time; /* libnftables is not made for several threads */
    g_mutex_lock(&one_at_a_time);
    struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
    bool ok = nft && nft_ctx_buffer_output(nft) == 0 && nft_ctx_buffer_error(nft) == 0;
    if (!ok) {
        fail(visit, "nftables", "cannot be opened; remedy: modprobe nf_tables");
    } else {
        nft_ctx_output_set_flags(nft, visit->json ? NFT_CTX_OUTPUT_JSON : 0);
        ok = nft_run_cmd_from_buffer(nft, visit->commands) == 0;
        if (ok) {
            visit->out = g_strdup(nft_ctx_get_output_buffer(nft));
        } else {
            g_autofree char *why = first_line(nft_ctx_get_error_buffer(nft));
            fail(visit, "nftables", why);
        }
    }
    if (nft) {
        nft_ctx_free(nft);
    }
    g_mutex_unlock(&one_at_a_time);
    return ok;
}

bool net_nft_run(int space, const char *commands, GError **error)
{
    struct visit visit = {.space = space, .fn = run_nft, .commands = commands};
    bool ok = visit_space(&visit, error);
    g_free(visit.out);
    return ok;
}

static void counter_clear(gpointer data)
{
    g_free(((struct net_rule_counter *)data)->name);
}

static GArray *parse_counters(const char *text)
{
    GArray *counters = g_array_new(FALSE, TRUE, sizeof(struct net_rule_counter));
    g_array_set_clear_func(counters, counter_clear);
    auto_json json = text ? json_parse(text, strlen(text), NULL) : NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(json, "nftables"))
    {
        const cJSON *counter = cJSON_GetObjectItemCaseSensitive(item, "counter");
        const char *name = counter ? json_string(counter, "name", "") : "";
        if (*name) {
            struct net_rule_counter one = {
                    .name = g_strdup(g_str_has_prefix(name, "r-") ? name + 2 : name),
                    .packets = (guint64)json_int(counter, "packets", 0),
                    .bytes = (guint64)json_int(counter, "bytes", 0),
            };
            g_array_append_val(counters, one);
        }
    }
    return counters;
}

GArray *net_nft_counters(int space, GError **error)
{
    struct visit visit = {
            .space = space, .fn = run_nft, .commands = "list counters table inet st", .json = true};
    GArray *counters = visit_space(&visit, error) ? parse_counters(visit.out) : NULL;
    g_free(visit.out);
    return counters;
}

static bool write_sysctl(struct visit *visit, const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    if (!ok) {
        fail(visit, path, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool set_forward(struct visit *visit)
{
    static const char six[] = "/proc/sys/net/ipv6/conf/all/forwarding";
    return write_sysctl(visit, "/proc/sys/net/ipv4/ip_forward", "1") &&
           write_sysctl(visit, "/proc/sys/net/ipv4/conf/all/send_redirects", "0") &&
           (access(six, F_OK) != 0 || write_sysctl(visit, six, "1"));
}

bool net_forward(int space, GError **error)
{
    struct visit visit = {.space = space, .fn = set_forward};
    return visit_space(&visit, error);
}
