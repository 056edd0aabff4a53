/* SPDX-License-Identifier: Apache-2.0 */
/* Strings. */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void reserve(struct strbuf *buf, size_t extra)
{
	size_t need = buf->len + extra + 1;
	size_t size = buf->size ? buf->size : 128;
	char *grown;

	if (need <= buf->size)
		return;
	while (size < need)
		size *= 2;
	grown = arena_alloc(buf->arena, size);
	if (buf->len)
		memcpy(grown, buf->text, buf->len);
	buf->text = grown;
	buf->size = size;
}

void strbuf_add(struct strbuf *buf, const char *text, size_t len)
{
	reserve(buf, len);
	memcpy(buf->text + buf->len, text, len);
	buf->len += len;
	buf->text[buf->len] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	reserve(buf, (size_t)len);
	va_start(ap, fmt);
	vsnprintf(buf->text + buf->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

const char *strbuf_text(const struct strbuf *buf)
{
	return buf->len ? buf->text : "";
}

const char *str_after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

bool str_has_prefix(const char *text, const char *prefix)
{
	return str_after(text, prefix) != NULL;
}

bool str_has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && str_eq(text + len - tail, suffix);
}

struct strings str_split(struct arena *arena, const char *text, char separator, bool keep_empty)
{
	struct strings list = { 0 };

	if (!*text)
		return list;
	for (;;) {
		const char *end = strchrnul(text, separator);

		if (end > text || keep_empty)
			VEC_PUSH(&list, arena, arena_strndup(arena, text, (size_t)(end - text)));
		if (!*end)
			return list;
		text = end + 1;
	}
}

struct strings str_words(struct arena *arena, const char *text)
{
	struct strings pieces = str_split(arena, text, ',', false), words = { 0 };

	VEC_EACH(it, &pieces) {
		const char *word = str_trim(arena, *it);

		if (*word)
			VEC_PUSH(&words, arena, word);
	}
	return words;
}

char *str_trim(struct arena *arena, const char *text)
{
	static const char blanks[] = " \t\r\n";
	size_t len;

	text += strspn(text, blanks);
	len = strlen(text);
	while (len && strchr(blanks, text[len - 1]))
		len--;
	return arena_strndup(arena, text, len);
}

int str_to_u64(const char *text, uint64_t max, uint64_t *ret)
{
	bool overflow = false;
	uint64_t value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		overflow |= __builtin_mul_overflow(value, 10, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value);
	}
	if (overflow || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int str_to_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t magnitude;
	int64_t value;
	int r;

	r = str_to_u64(text + negative, (uint64_t)INT64_MAX + negative, &magnitude);
	if (r < 0)
		return r;
	/* Negate as unsigned: INT64_MIN has no positive twin. */
	value = (int64_t)(negative ? -magnitude : magnitude);
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* The power of 1024 that a suffix means, -1 for none that we know. */
static int suffix_power(const char *suffix)
{
	static const char letters[] = "kmgtp";
	const char *letter = *suffix ? strchr(letters, *suffix | 0x20) : NULL;
	int power = 0;

	if (letter) {
		power = (int)(letter - letters) + 1;
		suffix += strcasecmp(suffix + 1, "ib") == 0 ? 2 : 1;
	}
	return !*suffix || strcasecmp(suffix, "b") == 0 ? power : -1;
}

int str_to_bytes(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	int power = suffix_power(text + digits);
	char number[24];
	int64_t value;
	int r;

	if (str_eq(text, "-1")) {
		*ret = -1;
		return 0;
	}
	if (power < 0 || digits >= sizeof(number))
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	r = str_to_i64(number, 0, INT64_MAX >> (10 * power), &value);
	if (r == 0)
		*ret = value << (10 * power);
	return r;
}

bool strings_have(const struct strings *list, const char *text)
{
	VEC_EACH(it, list) {
		if (str_eq(*it, text))
			return true;
	}
	return false;
}
