/* fuzz_agent.c - any bytes as each answer of the guest agent. */
#include <stddef.h>
#include <stdint.h>

#include "virt/agent_parse.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *reply = g_strndup((const char *)data, size);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    struct virt_exec_result result = {0};
    gint64 number = 0;
    bool flag = false;

    agent_parse_number(reply, NULL, &number, NULL);
    agent_parse_number(reply, "pid", &number, NULL);
    if (agent_parse_status(reply, &flag, &result, NULL) && flag) {
        if (result.out[result.out_length] || result.err[result.err_length]) {
            __builtin_trap(); /* promised to end with NUL */
        }
        agent_result_clear(&result);
    }
    agent_parse_read(reply, 1000, bytes, &flag, NULL);
    if (bytes->len > 1000) {
        __builtin_trap();
    }
    return 0;
}
