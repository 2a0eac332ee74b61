/* virt_file.c - files in machines, by the guest agent: one turn of the agent a file. */
#include "virt/agent_parse.h"
#include "virt/virt_private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

#define STEP_MS 20000 /* for one command */
#define LOOK_US 10000 /* between two looks at the shell that makes a file */
#define READ_MAX ((gsize)4 * 1024 * 1024)

struct file_job {
    struct virt_job job;
    char *path;
    char *what;        /* for messages: "write /etc/motd" */
    GByteArray *bytes; /* to write, or what was read */
    gint64 offset;
    gsize max;
    gint64 size; /* -1: there is no such file */
};

/* Sends {"execute": name, "arguments": arguments}; consumes arguments. */
static char *call(struct file_job *file, virDomainPtr domain, const char *name, cJSON *arguments,
        GError **error)
{
    auto_json command = cJSON_CreateObject();
    cJSON_AddStringToObject(command, "execute", name);
    cJSON_AddItemToObject(command, "arguments", arguments);
    g_autofree char *text = json_text(command);
    return virt_agent_call(domain, text, STEP_MS, file->what, error);
}

static bool call_number(struct file_job *file, virDomainPtr domain, const char *name,
        cJSON *arguments, const char *member, gint64 *ret)
{
    char *reply = call(file, domain, name, arguments, &file->job.error);
    bool ok = reply && agent_parse_number(reply, member, ret, &file->job.error);
    free(reply);
    return ok;
}

static cJSON *of_handle(gint64 handle)
{
    cJSON *arguments = cJSON_CreateObject();
    json_add_int(arguments, "handle", handle);
    return arguments;
}

static bool open_file(struct file_job *file, virDomainPtr domain, const char *mode, gint64 *ret)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(arguments, "path", file->path);
    cJSON_AddStringToObject(arguments, "mode", mode);
    return call_number(file, domain, "guest-file-open", arguments, NULL, ret);
}

/* Closing flushes, so its failure counts unless something failed before. */
static void close_file(struct file_job *file, virDomainPtr domain, gint64 handle)
{
    g_autoptr(GError) error = NULL;
    char *reply = call(file, domain, "guest-file-close", of_handle(handle), &error);
    if (!reply && !file->job.error) {
        file->job.error = g_steal_pointer(&error);
    }
    free(reply);
}

/* ---- write ---------------------------------------------------------------------------------- */

/* In a thread: until the program has ended, with the file's error unless its status is 0. */
static bool wait_exec(struct file_job *file, virDomainPtr domain, gint64 pid)
{
    GError **error = &file->job.error;
    struct virt_exec_result result = {0};
    bool exited = false;
    g_autofree char *command = virt_agent_exec_status(pid);
    gint64 end_us = g_get_monotonic_time() + (gint64)STEP_MS * 1000;
    while (!exited && !*error) {
        char *reply = virt_agent_call(domain, command, STEP_MS, file->what, error);
        if (reply && agent_parse_status(reply, &exited, &result, error) && !exited) {
            if (g_get_monotonic_time() > end_us) {
                g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                        "machine %s: cannot %s: no end within %d s", file->job.domain, file->what,
                        STEP_MS / 1000);
            }
            g_usleep(LOOK_US);
        }
        free(reply);
    }
    if (exited && result.status != 0) {
        g_autofree char *said = text_clean_tail(result.err, result.err_length, 200);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s: cannot %s: %s",
                file->job.domain, file->what, g_strstrip(said));
    }
    agent_result_clear(&result);
    return !*error;
}

/* A file that the agent makes has mode 0666 whatever its umask (DEFAULT_NEW_FILE_MODE in QEMU's
 * qga/commands-posix.c): any account of the machine could change it. So a shell makes it. A file
 * that is there keeps its mode. */
static bool make_file(struct file_job *file, virDomainPtr domain)
{
    const char *const argv[] = {
            "sh", "-c", "umask 022; [ -e \"$0\" ] || : >\"$0\"", file->path, NULL};
    g_autofree char *command = virt_agent_exec(argv, true);
    char *reply = virt_agent_call(domain, command, STEP_MS, file->what, &file->job.error);
    gint64 pid = 0;
    bool begun = reply && agent_parse_number(reply, "pid", &pid, &file->job.error);
    free(reply);
    return begun && wait_exec(file, domain, pid);
}

static bool write_chunk(struct file_job *file, virDomainPtr domain, gint64 handle, gsize *at)
{
    gsize n = MIN(file->bytes->len - *at, AGENT_CHUNK);
    g_autofree char *text = g_base64_encode(file->bytes->data + *at, n);
    cJSON *arguments = of_handle(handle);
    cJSON_AddStringToObject(arguments, "buf-b64", text);
    gint64 count = 0;
    if (!call_number(file, domain, "guest-file-write", arguments, "count", &count)) {
        return false;
    }
    if (count < 1 || (guint64)count > n) {
        g_set_error(&file->job.error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
                "machine %s: cannot %s: its agent says it wrote %" G_GINT64_FORMAT " of %zu bytes",
                file->job.domain, file->what, count, n);
        return false;
    }
    *at += (gsize)count;
    return true;
}

static void write_work(struct virt_job *job, virDomainPtr domain)
{
    struct file_job *file = (struct file_job *)job;
    gint64 handle = 0;
    gsize at = 0;
    if (!make_file(file, domain) || !open_file(file, domain, "w", &handle)) {
        return;
    }
    while (at < file->bytes->len && write_chunk(file, domain, handle, &at)) {
    }
    close_file(file, domain, handle);
}

/* ---- read ----------------------------------------------------------------------------------- */

static bool seek_file(struct file_job *file, virDomainPtr domain, gint64 handle, gint64 offset,
        const char *whence, gint64 *ret)
{
    cJSON *arguments = of_handle(handle);
    json_add_int(arguments, "offset", offset);
    cJSON_AddStringToObject(arguments, "whence", whence);
    return call_number(file, domain, "guest-file-seek", arguments, "position", ret);
}

static bool read_chunk(struct file_job *file, virDomainPtr domain, gint64 handle, bool *eof)
{
    gsize left = file->max - file->bytes->len;
    guint before = file->bytes->len;
    cJSON *arguments = of_handle(handle);
    json_add_int(arguments, "count", (gint64)MIN(left, AGENT_CHUNK));
    char *reply = call(file, domain, "guest-file-read", arguments, &file->job.error);
    bool ok = reply && agent_parse_read(reply, left, file->bytes, eof, &file->job.error);
    free(reply);
    /* an agent that never says "end" must not keep us */
    *eof = *eof || file->bytes->len == before;
    return ok;
}

static void read_open_file(struct file_job *file, virDomainPtr domain, gint64 handle)
{
    gint64 size = 0;
    gint64 position = 0;
    bool eof = false;
    if (!seek_file(file, domain, handle, 0, "end", &size) ||
            !seek_file(file, domain, handle, file->offset, "set", &position)) {
        return;
    }
    while (!eof && file->bytes->len < file->max && read_chunk(file, domain, handle, &eof)) {
    }
    file->size = size;
}

static void read_work(struct virt_job *job, virDomainPtr domain)
{
    struct file_job *file = (struct file_job *)job;
    gint64 handle = 0;
    if (!open_file(file, domain, "r", &handle)) {
        /* the agent's only sign of it is strerror()'s text */
        if (strstr(job->error->message, "No such file or directory")) {
            g_clear_error(&job->error);
        }
        return;
    }
    read_open_file(file, domain, handle);
    close_file(file, domain, handle);
}

static bool read_finish(struct virt_job *job)
{
    const struct file_job *file = (struct file_job *)job;
    guint length = file->bytes->len;
    g_byte_array_append(file->bytes, (const guint8 *)"", 1);
    if (job->fn.bytes) {
        job->fn.bytes(job->error ? NULL : (const char *)file->bytes->data, job->error ? 0 : length,
                job->error ? -1 : file->size, job->error, job->data);
    }
    return true;
}

/* ---- the calls ------------------------------------------------------------------------------ */

static void file_free(struct virt_job *job)
{
    struct file_job *file = (struct file_job *)job;
    g_byte_array_unref(file->bytes);
    g_free(file->path);
    g_free(file->what);
}

static struct file_job *file_job_new(
        struct virt *virt, const char *domain, const char *verb, const char *path)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct file_job), domain, VIRT_POOL_AGENT);
    struct file_job *file = (struct file_job *)job;
    file->path = g_strdup(path);
    file->what = g_strdup_printf("%s %s", verb, path);
    file->bytes = g_byte_array_new();
    file->size = -1;
    job->free = file_free;
    return file;
}

void virt_write(struct virt *virt, const char *domain, const char *path, const char *bytes,
        gsize length, virt_done_fn done, gpointer data)
{
    struct file_job *file = file_job_new(virt, domain, "write", path);
    g_byte_array_append(file->bytes, (const guint8 *)bytes, (guint)length);
    file->job.work = write_work;
    file->job.fn.done = done;
    file->job.data = data;
    virt_agent_push(&file->job);
}

void virt_read(struct virt *virt, const char *domain, const char *path, gint64 offset, gsize max,
        virt_bytes_fn done, gpointer data)
{
    struct file_job *file = file_job_new(virt, domain, "read", path);
    file->offset = offset;
    file->max = MIN(max, READ_MAX);
    file->job.work = read_work;
    file->job.finish = read_finish;
    file->job.fn.bytes = done;
    file->job.data = data;
    virt_agent_push(&file->job);
}
