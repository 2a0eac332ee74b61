/* lexer.h - the words of Lua source text, for the source map. */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SYMBOL };

struct token {
    enum token_kind kind;
    int line;
    const char *start; /* in the text; of a string, its inside */
    gsize length;
    bool raw; /* a string without escapes: long brackets */
};

struct lexer {
    const char *at, *end;
    int line;
};

/* The next word; END for ever at the end of the text or where it cannot be read. */
struct token lexer_next(struct lexer *lexer);

/* What a string token means; the caller frees it. Escapes it does not know are kept as written. */
char *lexer_string(const struct token *token);
