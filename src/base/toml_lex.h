/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a TOML document: blanks, comments, keys, strings, integers. For toml_read.c only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

struct toml_lexer {
	const char *at; /* the next character */
	const char *end;
	unsigned int line; /* 1-based, of @at */
	const char *name;  /* of the document, for errors */
	struct arena *arena;
	struct err *err;
};

/* An error in the current line: `<name>:<line>: …`. Returns -EINVAL. */
int toml_refuse(struct toml_lexer *lex, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same: "expected <@expected>, got" and what is there. */
int toml_expected(struct toml_lexer *lex, const char *expected);

/*
 * Refuse once and for all what may stand nowhere in a document: invalid UTF-8 and control
 * characters (TOML 1.0 § Spec, § Comment, § String). The other functions rely on it.
 */
int toml_check_text(struct toml_lexer *lex);

/* Whether the text goes on with @word. */
bool toml_sees(const struct toml_lexer *lex, const char *word);

/* Step over @word (no newline in it) when the text goes on with it. */
bool toml_accept(struct toml_lexer *lex, const char *word);

/* Step over spaces and tabs. */
void toml_skip_blanks(struct toml_lexer *lex);

/* Step over blanks, comments and newlines. */
void toml_skip_lines(struct toml_lexer *lex);

/*
 * Step over the rest of a line, which may hold only a comment.
 * @after: what came before, for the error
 */
int toml_end_line(struct toml_lexer *lex, const char *after);

/* One part of a key, bare or quoted. */
int toml_key(struct toml_lexer *lex, const char **ret);

/* A string, a boolean or an integer. */
int toml_scalar(struct toml_lexer *lex, struct value **ret);
