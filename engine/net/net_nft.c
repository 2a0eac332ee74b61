/* net_nft.c - libnftables in another network namespace. */
#include "net/net_router.h"

#include "base/error.h"
#include "base/json.h"
#include "base/space.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <unistd.h>

struct nft_call {
    const char *commands;
    bool json;
    char *out;
};

static bool fail(GError **error, const char *what, const char *why)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s", what, why);
    return false;
}

/* The first line of what nft says: "Error: Could not process rule: …". */
static char *first_line(const char *text)
{
    const char *start = text && g_str_has_prefix(text, "Error: ") ? text + 7 : text;
    return start ? g_strndup(start, strcspn(start, "\n")) : g_strdup("no reason given");
}

static bool run_nft(gpointer data, GError **error)
{
    struct nft_call *call = data;
    static GMutex one_at_a_time; /* libnftables is not made for several threads */
    g_mutex_lock(&one_at_a_time);
    struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
    bool ok = nft && nft_ctx_buffer_output(nft) == 0 && nft_ctx_buffer_error(nft) == 0;
    if (!ok) {
        fail(error, "nftables", "cannot be opened; remedy: modprobe nf_tables");
    } else {
        nft_ctx_output_set_flags(nft, call->json ? NFT_CTX_OUTPUT_JSON : 0);
        ok = nft_run_cmd_from_buffer(nft, call->commands) == 0;
        if (ok) {
            call->out = g_strdup(nft_ctx_get_output_buffer(nft));
        } else {
            g_autofree char *why = first_line(nft_ctx_get_error_buffer(nft));
            fail(error, "nftables", why);
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
    struct nft_call call = {.commands = commands};
    bool ok = space_run(space, run_nft, &call, error);
    g_free(call.out);
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
    struct nft_call call = {.commands = "list counters table inet st", .json = true};
    GArray *counters = space_run(space, run_nft, &call, error) ? parse_counters(call.out) : NULL;
    g_free(call.out);
    return counters;
}

static bool write_sysctl(const char *path, const char *value, GError **error)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    if (!ok) {
        fail(error, path, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool set_forward(gpointer data, GError **error)
{
    static const char six[] = "/proc/sys/net/ipv6/conf/all/forwarding";
    (void)data;
    return write_sysctl("/proc/sys/net/ipv4/ip_forward", "1", error) &&
           write_sysctl("/proc/sys/net/ipv4/conf/all/send_redirects", "0", error) &&
           (access(six, F_OK) != 0 || write_sysctl(six, "1", error));
}

bool net_forward(int space, GError **error)
{
    return space_run(space, set_forward, NULL, error);
}

/* ctnetlink's "delete" without a connection means all of them: see
 * <linux/netfilter/nfnetlink_conntrack.h> and conntrack(8), -F. */
static bool forget_all(gpointer data, GError **error)
{
    struct nfgenmsg all = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
    struct nl_sock *socket = nl_socket_alloc();
    (void)data;
    int code = socket ? nl_connect(socket, NETLINK_NETFILTER) : -NLE_NOMEM;
    if (code >= 0) {
        code = nl_send_simple(socket, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
                &all, sizeof(all));
    }
    if (code >= 0) {
        code = nl_wait_for_ack(socket);
    }
    nl_socket_free(socket);
    return code >= 0 ||
           fail(error, "a router's connections cannot be forgotten", nl_geterror(code));
}

bool net_connections_forget(int space, GError **error)
{
    return space_run(space, forget_all, NULL, error);
}
