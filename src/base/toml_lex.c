/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a TOML document. */
#include "base/toml_lex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

#define DIGITS	 "0123456789"
#define BARE_KEY DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"

int toml_refuse(struct toml_lexer *lex, const char *fmt, ...)
{
	char words[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return err_set(lex->err, EINVAL, "%s:%u: %s", lex->name, lex->line, words);
}

/* How many characters from @at on are in @set (or not in it). */
static size_t span(const struct toml_lexer *lex, const char *set, bool in_set)
{
	const char *at = lex->at;

	while (at < lex->end && !strchr(set, *at) != in_set)
		at++;
	return (size_t)(at - lex->at);
}

int toml_expected(struct toml_lexer *lex, const char *expected)
{
	size_t len = span(lex, " \t\r\n,=[]{}#", false);

	if (lex->at == lex->end)
		return toml_refuse(lex, "expected %s, got the end of the document", expected);
	if (*lex->at == '\n' || *lex->at == '\r')
		return toml_refuse(lex, "expected %s, got the end of the line", expected);
	len = utf8_valid(lex->at, len > 40 ? 40 : len);
	return toml_refuse(lex, "expected %s, got `%.*s`", expected, len ? (int)len : 1, lex->at);
}

int toml_check_text(struct toml_lexer *lex)
{
	size_t len = (size_t)(lex->end - lex->at), valid = utf8_valid(lex->at, len);

	for (size_t i = 0; i < valid; i++) {
		unsigned char c = (unsigned char)lex->at[i];

		if (c == '\n')
			lex->line++;
		else if (c == '\r' && i + 1 < len && lex->at[i + 1] == '\n')
			continue;
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			return toml_refuse(lex, "control character 0x%02x", c);
	}
	if (valid < len)
		return toml_refuse(lex, "invalid UTF-8");
	lex->line = 1;
	return 0;
}

bool toml_sees(const struct toml_lexer *lex, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(lex->end - lex->at) >= len && memcmp(lex->at, word, len) == 0;
}

bool toml_accept(struct toml_lexer *lex, const char *word)
{
	bool seen = toml_sees(lex, word);

	if (seen)
		lex->at += strlen(word);
	return seen;
}

static bool accept_newline(struct toml_lexer *lex)
{
	bool seen = toml_accept(lex, "\n") || toml_accept(lex, "\r\n");

	lex->line += seen;
	return seen;
}

void toml_skip_blanks(struct toml_lexer *lex)
{
	lex->at += span(lex, " \t", true);
}

static void skip_comment(struct toml_lexer *lex)
{
	toml_skip_blanks(lex);
	if (toml_sees(lex, "#"))
		lex->at += span(lex, "\r\n", false);
}

void toml_skip_lines(struct toml_lexer *lex)
{
	do
		skip_comment(lex);
	while (accept_newline(lex));
}

int toml_end_line(struct toml_lexer *lex, const char *after)
{
	char expected[64];

	skip_comment(lex);
	if (lex->at == lex->end || accept_newline(lex))
		return 0;
	snprintf(expected, sizeof(expected), "the end of the line after %s", after);
	return toml_expected(lex, expected);
}

/* 16 for a character that is no hexadecimal digit. */
static unsigned int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = memchr(digits, c, sizeof(digits) - 1);

	return digit ? (unsigned int)(digit - digits) % 16 : 16;
}

/* The character of an escape \uXXXX or \UXXXXXXXX; @at is behind the letter. */
static int add_unicode(struct toml_lexer *lex, size_t digits, struct strbuf *buf)
{
	uint32_t character = 0;
	char utf8[4];
	size_t len;

	for (size_t i = 0; i < digits; i++) {
		unsigned int digit = lex->at < lex->end ? hex_digit(*lex->at) : 16;

		if (digit == 16)
			return toml_refuse(lex, "escape without its %zu hexadecimal digits",
					   digits);
		character = character * 16 + digit;
		lex->at++;
	}
	len = utf8_encode(character, utf8);
	if (!len || !character)
		return toml_refuse(lex, "escape of U+%04X, which a string may not hold", character);
	strbuf_add(buf, utf8, len);
	return 0;
}

/* A backslash at the end of a line joins it with the next text (multi-line strings only). */
static bool accept_line_join(struct toml_lexer *lex)
{
	struct toml_lexer ahead = *lex;

	toml_skip_blanks(&ahead);
	if (!accept_newline(&ahead))
		return false;
	do
		toml_skip_blanks(&ahead);
	while (accept_newline(&ahead));
	lex->at = ahead.at;
	lex->line = ahead.line;
	return true;
}

static int add_escape(struct toml_lexer *lex, bool multi_line, struct strbuf *buf)
{
	static const char letters[] = "btnfr\"\\", characters[] = "\b\t\n\f\r\"\\";
	const char *letter;

	if (multi_line && accept_line_join(lex))
		return 0;
	if (toml_accept(lex, "u"))
		return add_unicode(lex, 4, buf);
	if (toml_accept(lex, "U"))
		return add_unicode(lex, 8, buf);
	letter = lex->at < lex->end ? strchr(letters, *lex->at) : NULL;
	if (!letter)
		return toml_refuse(lex, "unknown escape after `\\` in a string");
	strbuf_addc(buf, characters[letter - letters]);
	lex->at++;
	return 0;
}

/* A string on one line; @at is behind the opening @quote. */
static int read_line_string(struct toml_lexer *lex, char quote, const char **ret)
{
	const char stops[] = { quote, '\n', '\r', quote == '"' ? '\\' : '\0', '\0' };
	struct strbuf buf = { .arena = lex->arena };
	int r;

	for (;;) {
		size_t len = span(lex, stops, false);

		strbuf_add(&buf, lex->at, len);
		lex->at += len;
		if (lex->at == lex->end || *lex->at == '\n' || *lex->at == '\r')
			return toml_refuse(lex, "string without its closing `%c`", quote);
		if (*lex->at++ == quote)
			break;
		r = add_escape(lex, false, &buf);
		if (r < 0)
			return r;
	}
	*ret = strbuf_text(&buf);
	return 0;
}

/* A string in triple quotes; @at is behind the opening ones. */
static int read_multi_line_string(struct toml_lexer *lex, char quote, const char **ret)
{
	const char closing[] = { quote, quote, quote, '\0' };
	struct strbuf buf = { .arena = lex->arena };
	unsigned int first_line = lex->line;
	int r;

	accept_newline(lex); /* right after the quotes it is not part of the text */
	while (!toml_accept(lex, closing)) {
		if (lex->at == lex->end) {
			lex->line = first_line;
			return toml_refuse(lex, "string without its closing `%s`", closing);
		}
		if (quote == '"' && toml_accept(lex, "\\")) {
			r = add_escape(lex, true, &buf);
			if (r < 0)
				return r;
			continue;
		}
		lex->line += *lex->at == '\n';
		strbuf_addc(&buf, *lex->at++);
	}
	/* Of up to five quotes at the end the last three close: one or two belong to the text. */
	for (int i = 0; i < 2 && toml_sees(lex, closing + 2); i++)
		strbuf_addc(&buf, *lex->at++);
	*ret = strbuf_text(&buf);
	return 0;
}

int toml_key(struct toml_lexer *lex, const char **ret)
{
	size_t len = span(lex, BARE_KEY, true);

	if (len) {
		*ret = arena_strndup(lex->arena, lex->at, len);
		lex->at += len;
		return 0;
	}
	if (toml_accept(lex, "\""))
		return read_line_string(lex, '"', ret);
	if (toml_accept(lex, "'"))
		return read_line_string(lex, '\'', ret);
	return toml_expected(lex, "a key");
}

/*
 * Digits of one base with single underscores between them. Returns 0, -EINVAL for anything else,
 * -ERANGE for more than 64 bits.
 */
static int read_digits(const char *text, unsigned int base, uint64_t *ret)
{
	bool overflow = false, after_digit = false;
	uint64_t value = 0;

	for (; *text; text++) {
		unsigned int digit;

		if (*text == '_' && after_digit && text[1]) {
			after_digit = false;
			continue;
		}
		digit = hex_digit(*text);
		if (digit >= base)
			return -EINVAL;
		overflow |= __builtin_mul_overflow(value, base, &value);
		overflow |= __builtin_add_overflow(value, digit, &value);
		after_digit = true;
	}
	if (!after_digit)
		return -EINVAL;
	*ret = value;
	return overflow ? -ERANGE : 0;
}

/* TOML 1.0 § Integer. Returns as read_digits(). */
static int read_integer(const char *word, int64_t *ret)
{
	static const struct {
		const char *prefix;
		unsigned int base;
	} bases[] = { { "0x", 16 }, { "0o", 8 }, { "0b", 2 }, { "", 10 } };
	bool negative = *word == '-', is_signed = negative || *word == '+';
	/* A sign goes with decimal only: `-0x1` is a decimal with a leading zero. */
	size_t i = is_signed ? ARRAY_SIZE(bases) - 1 : 0;
	const char *digits;
	uint64_t magnitude;
	int r;

	while (!(digits = str_after(word + is_signed, bases[i].prefix)))
		i++;
	if (bases[i].base == 10 && digits[0] == '0' && digits[1])
		return -EINVAL;
	r = read_digits(digits, bases[i].base, &magnitude);
	if (r == 0 && magnitude > (uint64_t)INT64_MAX + negative)
		r = -ERANGE;
	if (r == 0)
		*ret = (int64_t)(negative ? -magnitude : magnitude);
	return r;
}

/* What TOML has and settings do not need, for the error; NULL for a word that is nothing at all. */
static const char *unsupported_kind(const char *word)
{
	const char *digits = word + (*word == '-' || *word == '+');

	if (str_eq(digits, "inf") || str_eq(digits, "nan"))
		return "floating-point numbers";
	if (!strspn(digits, DIGITS) || digits[strspn(digits, DIGITS "+-.:_eEtTzZ")])
		return NULL;
	if (strspn(word, DIGITS) == 4 && word[4] == '-')
		return "dates";
	if (strchr(digits, ':'))
		return "times";
	return strpbrk(digits, ".eE") ? "floating-point numbers" : NULL;
}

/* A value without quotes: true, false, or an integer, whose text becomes plain decimal. */
static int read_word(struct toml_lexer *lex, struct value **ret)
{
	size_t len = span(lex, " \t\r\n,[]{}#=\"'", false);
	const char *word = arena_strndup(lex->arena, lex->at, len), *kind = unsupported_kind(word);
	bool is_true = str_eq(word, "true");
	int64_t number;
	int r;

	if (kind)
		return toml_refuse(lex, "%s are not supported: `%.40s`", kind, word);
	if (is_true || str_eq(word, "false")) {
		*ret = value_new(lex->arena, VALUE_BOOL, lex->line);
		(*ret)->boolean = is_true;
		lex->at += len;
		return 0;
	}
	r = read_integer(word, &number);
	if (r == -ERANGE)
		return toml_refuse(lex, "integer `%.40s` has more than 64 bits", word);
	if (r < 0)
		return toml_expected(lex, "a value (strings need quotes)");
	*ret = value_new(lex->arena, VALUE_NUMBER, lex->line);
	(*ret)->text = arena_printf(lex->arena, "%" PRId64, number);
	lex->at += len;
	return 0;
}

int toml_scalar(struct toml_lexer *lex, struct value **ret)
{
	static const struct {
		const char *opening;
		int (*read)(struct toml_lexer *lex, char quote, const char **ret);
	} strings[] = {
		/* the longer first */
		{ "\"\"\"", read_multi_line_string },
		{ "'''", read_multi_line_string },
		{ "\"", read_line_string },
		{ "'", read_line_string },
	};
	unsigned int line = lex->line;
	const char *text;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		if (!toml_accept(lex, strings[i].opening))
			continue;
		r = strings[i].read(lex, *strings[i].opening, &text);
		if (r < 0)
			return r;
		*ret = value_new(lex->arena, VALUE_STRING, line);
		(*ret)->text = text;
		return 0;
	}
	return read_word(lex, ret);
}
