/* lexer.c - the words of Lua source text, for the source map. */
#include "script/lexer.h"

#include <string.h>

static bool more(const struct lexer *lexer)
{
    return lexer->at < lexer->end;
}

/* At "[[" or "[=*[": the number of bytes of the opening bracket, else 0. */
static gsize long_open(const struct lexer *lexer)
{
    const char *at = lexer->at + 1;
    while (at < lexer->end && *at == '=') {
        at++;
    }
    return at < lexer->end && *at == '[' ? (gsize)(at - lexer->at) + 1 : 0;
}

static bool closes(const struct lexer *lexer, gsize open)
{
    if ((gsize)(lexer->end - lexer->at) < open || lexer->at[0] != ']' ||
            lexer->at[open - 1] != ']') {
        return false;
    }
    for (gsize i = 1; i < open - 1; i++) {
        if (lexer->at[i] != '=') {
            return false;
        }
    }
    return true;
}

static struct token long_string(struct lexer *lexer, gsize open)
{
    struct token token = {.kind = TOKEN_STRING, .line = lexer->line, .raw = true};
    lexer->at += open;
    token.start = lexer->at;
    while (more(lexer) && !closes(lexer, open)) {
        lexer->line += *lexer->at == '\n';
        lexer->at++;
    }
    token.length = (gsize)(lexer->at - token.start);
    lexer->at += MIN(open, (gsize)(lexer->end - lexer->at));
    return token;
}

static struct token short_string(struct lexer *lexer)
{
    char quote = *lexer->at++;
    struct token token = {.kind = TOKEN_STRING, .line = lexer->line, .start = lexer->at};
    while (more(lexer) && *lexer->at != quote) {
        if (*lexer->at == '\\' && lexer->at + 1 < lexer->end) {
            lexer->at++;
        }
        lexer->line += *lexer->at == '\n';
        lexer->at++;
    }
    token.length = (gsize)(lexer->at - token.start);
    lexer->at += more(lexer);
    return token;
}

static void skip_blanks(struct lexer *lexer)
{
    while (more(lexer)) {
        if (g_ascii_isspace(*lexer->at)) {
            lexer->line += *lexer->at == '\n';
            lexer->at++;
        } else if (lexer->end - lexer->at >= 2 && memcmp(lexer->at, "--", 2) == 0) {
            lexer->at += 2;
            gsize open = more(lexer) && *lexer->at == '[' ? long_open(lexer) : 0;
            if (open) {
                long_string(lexer, open);
                continue;
            }
            while (more(lexer) && *lexer->at != '\n') {
                lexer->at++;
            }
        } else {
            return;
        }
    }
}

static struct token word(struct lexer *lexer)
{
    bool number = g_ascii_isdigit(*lexer->at);
    struct token token = {
            .kind = number ? TOKEN_NUMBER : TOKEN_NAME, .line = lexer->line, .start = lexer->at};
    while (more(lexer) &&
            (g_ascii_isalnum(*lexer->at) || *lexer->at == '_' || (number && *lexer->at == '.'))) {
        lexer->at++;
    }
    token.length = (gsize)(lexer->at - token.start);
    return token;
}

struct token lexer_next(struct lexer *lexer)
{
    skip_blanks(lexer);
    struct token token = {.kind = TOKEN_END, .line = lexer->line, .start = lexer->at};
    if (!more(lexer)) {
        return token;
    }
    char c = *lexer->at;
    if (c == '"' || c == '\'') {
        return short_string(lexer);
    }
    gsize open = c == '[' ? long_open(lexer) : 0;
    if (open) {
        return long_string(lexer, open);
    }
    if (g_ascii_isalnum(c) || c == '_') {
        return word(lexer);
    }
    token.kind = TOKEN_SYMBOL;
    bool pair = lexer->end - lexer->at >= 2 && strchr("=~<>", c) && c && lexer->at[1] == '=';
    token.length = pair ? 2 : 1;
    lexer->at += token.length;
    return token;
}

char *lexer_string(const struct token *token)
{
    g_autofree char *text = g_strndup(token->start, token->length);
    return token->raw || !strchr(text, '\\') ? g_steal_pointer(&text) : g_strcompress(text);
}
