/* source_map.c - follows table constructors in Lua text and notes the line of each entry. */
#include "script/source_map.h"

#include "script/lexer.h"

#include <string.h>

#define DEPTH_MAX 48
#define BYTES_MAX (32 * 1024 * 1024) /* of all paths: long keys around many entries */

struct source_map {
    GHashTable *marks; /* path → struct source_mark */
    gsize bytes;       /* of their paths */
};

struct scanner {
    struct source_map *map;
    struct lexer lexer;
    struct token token, next;
    GString *path; /* of the entry at work on */
};

void source_map_path(GString *path, const char *key, gint64 index)
{
    if (key) {
        g_string_append_printf(path, "\x1f%s", key);
    } else {
        g_string_append_printf(path, "\x1e%" G_GINT64_FORMAT, index);
    }
}

static void advance(struct scanner *scanner)
{
    scanner->token = scanner->next;
    scanner->next = lexer_next(&scanner->lexer);
}

static bool is_text(const struct token *token, enum token_kind kind, const char *text)
{
    return token->kind == kind && token->length == strlen(text) &&
           memcmp(token->start, text, token->length) == 0;
}

static bool is_symbol(const struct token *token, const char *symbol)
{
    return is_text(token, TOKEN_SYMBOL, symbol);
}

static bool is_any(const struct token *token, enum token_kind kind, const char *const *texts)
{
    for (; *texts; texts++) {
        if (is_text(token, kind, *texts)) {
            return true;
        }
    }
    return false;
}

/* How the word changes the depth of blocks. "for" and "while" have a "do" of their own. */
static int block_step(const struct token *token)
{
    static const char *const open[] = {"function", "if", "do", "repeat", NULL};
    static const char *const close[] = {"end", "until", NULL};
    return is_any(token, TOKEN_NAME, open) ? 1 : is_any(token, TOKEN_NAME, close) ? -1 : 0;
}

static bool is_end_of_value(const struct token *token)
{
    static const char *const ends[] = {",", ";", "}", NULL};
    return token->kind == TOKEN_END || is_any(token, TOKEN_SYMBOL, ends);
}

/* Skips to the "," ";" or "}" that ends the value, in which so many brackets are open. */
static void skip_value(struct scanner *scanner, int brackets)
{
    static const char *const open[] = {"(", "[", "{", NULL};
    static const char *const close[] = {")", "]", "}", NULL};
    int blocks = 0;
    while (scanner->token.kind != TOKEN_END) {
        if (brackets <= 0 && blocks <= 0 && is_end_of_value(&scanner->token)) {
            return;
        }
        brackets += is_any(&scanner->token, TOKEN_SYMBOL, open) ? 1 : 0;
        brackets -= is_any(&scanner->token, TOKEN_SYMBOL, close) ? 1 : 0;
        blocks += block_step(&scanner->token);
        advance(scanner);
    }
}

static void mark(struct scanner *scanner, int line)
{
    scanner->map->bytes += scanner->path->len;
    if (scanner->map->bytes > BYTES_MAX) {
        return;
    }
    struct source_mark *mark = g_new(struct source_mark, 1);
    mark->line = line;
    mark->order = g_hash_table_size(scanner->map->marks);
    g_hash_table_replace(scanner->map->marks, g_strdup(scanner->path->str), mark);
}

static void scan_table(struct scanner *scanner, int depth);

static void scan_value(struct scanner *scanner, int depth)
{
    int brackets = 0; /* that were opened before the table */
    if (depth < DEPTH_MAX) {
        while (scanner->token.kind == TOKEN_NAME && !block_step(&scanner->token) &&
                (is_symbol(&scanner->next, ".") || is_symbol(&scanner->next, "{") ||
                        is_symbol(&scanner->next, "("))) {
            advance(scanner);
            if (!is_symbol(&scanner->token, "{")) {
                brackets += is_symbol(&scanner->token, "(");
                advance(scanner);
            }
        }
        if (is_symbol(&scanner->token, "{")) {
            advance(scanner);
            scan_table(scanner, depth + 1);
        }
    }
    skip_value(scanner, brackets);
}

/* The key of the entry that begins here, and past it; NULL when it has none or is computed. */
static char *scan_key(struct scanner *scanner, bool *ret_positional)
{
    *ret_positional = false;
    if (scanner->token.kind == TOKEN_NAME && is_symbol(&scanner->next, "=")) {
        char *key = g_strndup(scanner->token.start, scanner->token.length);
        advance(scanner);
        advance(scanner);
        return key;
    }
    if (!is_symbol(&scanner->token, "[")) {
        *ret_positional = true;
        return NULL;
    }
    advance(scanner);
    char *key = NULL;
    if (scanner->token.kind == TOKEN_STRING && is_symbol(&scanner->next, "]")) {
        key = lexer_string(&scanner->token);
        advance(scanner);
        advance(scanner);
        if (is_symbol(&scanner->token, "=")) {
            advance(scanner);
        }
    }
    return key;
}

static void scan_table(struct scanner *scanner, int depth)
{
    gint64 index = 0;
    while (scanner->token.kind != TOKEN_END && !is_symbol(&scanner->token, "}")) {
        int line = scanner->token.line;
        bool positional = false;
        g_autofree char *key = scan_key(scanner, &positional);
        if (key || positional) {
            index += positional;
            gsize length = scanner->path->len;
            source_map_path(scanner->path, key, index);
            mark(scanner, line);
            scan_value(scanner, depth);
            g_string_truncate(scanner->path, length);
        } else {
            skip_value(scanner, 1); /* inside the "[" of a computed key */
        }
        if (is_symbol(&scanner->token, ",") || is_symbol(&scanner->token, ";")) {
            advance(scanner);
        }
    }
    advance(scanner);
}

struct source_map *source_map_new(const char *text, gsize length)
{
    struct source_map *map = g_new0(struct source_map, 1);
    map->marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GString) path = g_string_new(NULL);
    struct scanner scanner = {
            .map = map, .path = path, .lexer = {.at = text, .end = text + length, .line = 1}};
    advance(&scanner);
    advance(&scanner);
    int blocks = 0;
    while (scanner.token.kind != TOKEN_END) {
        if (blocks == 0 && is_text(&scanner.token, TOKEN_NAME, "return")) {
            mark(&scanner, scanner.token.line);
            advance(&scanner);
            scan_value(&scanner, 0);
            break;
        }
        blocks += block_step(&scanner.token);
        advance(&scanner);
    }
    return map;
}

void source_map_free(struct source_map *map)
{
    if (map) {
        g_hash_table_unref(map->marks);
        g_free(map);
    }
}

const struct source_mark *source_map_find(const struct source_map *map, const char *path)
{
    return g_hash_table_lookup(map->marks, path);
}
