/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables: a document -> a structure. */
#include "base/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void add_place(struct strbuf *buf, const struct decode_path *path)
{
	if (!path)
		return;
	add_place(buf, path->up);
	if (!path->key)
		strbuf_addf(buf, "[%zu]", path->index);
	else
		strbuf_addf(buf, "%s%s", buf->len ? "." : "", path->key);
}

const char *decode_place(const struct decode *d)
{
	struct strbuf buf = { .arena = d->arena };

	add_place(&buf, d->path);
	return strbuf_text(&buf);
}

int decode_error(struct decode *d, const struct value *value, const char *fmt, ...)
{
	struct strbuf buf = { .arena = d->arena };
	char words[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (d->document)
		strbuf_addf(&buf, "%s:", d->document);
	if (d->document && value && value->line)
		strbuf_addf(&buf, "%u:", value->line);
	if (d->document)
		strbuf_addc(&buf, ' ');
	if (d->path)
		strbuf_addf(&buf, "%s: ", decode_place(d));
	strbuf_adds(&buf, words);
	return err_set(d->err, EINVAL, "%s", buf.text);
}

static int expect(struct decode *d, const struct value *value, enum value_kind kind)
{
	if (value->kind == kind)
		return 0;
	return decode_error(d, value, "expected %s, got %s", value_kind_words(kind),
			    value_kind_words(value->kind));
}

/* Run one decoder with the place moved one step down. */
static int decode_below(struct decode *d, struct decode_path step, const struct value *value,
			const struct field *field, void *out)
{
	int r;

	step.up = d->path;
	d->path = &step;
	r = field->decode(d, value, field, out);
	d->path = step.up;
	return r;
}

static int report_missing(struct decode *d, const struct value *object, const char *name)
{
	struct decode_path step = { .up = d->path, .key = name };
	int r;

	d->path = &step;
	r = decode_error(d, object, "required, but missing");
	d->path = step.up;
	return r;
}

static void report_unknown(struct decode *d, const char *name)
{
	struct decode_path step = { .up = d->path, .key = name };

	if (!d->unknown)
		return;
	d->path = &step;
	d->unknown(decode_place(d), d->unknown_data);
	d->path = step.up;
}

static const struct field *find_field(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (str_eq(fields->items[i].name, name))
			return &fields->items[i];
	}
	return NULL;
}

int decode_object(struct decode *d, const struct value *value, const struct fields *fields,
		  void *base)
{
	int r;

	r = expect(d, value, VALUE_OBJECT);
	if (r < 0)
		return r;
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *field = &fields->items[i];
		const struct value *member;

		if (!(field->flags & FIELD_REQUIRED))
			continue;
		member = value_get(value, field->name);
		if (!member || member->kind == VALUE_NULL)
			return report_missing(d, value, field->name);
	}
	VEC_EACH(it, &value->members) {
		const struct field *field = find_field(fields, it->key);

		if (!field) {
			report_unknown(d, it->key);
			continue;
		}
		if (it->value->kind == VALUE_NULL)
			continue;
		r = decode_below(d, (struct decode_path){ .key = it->key }, it->value, field,
				 (char *)base + field->offset);
		if (r < 0)
			return r;
	}
	return 0;
}

int decode_bool(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	int r;

	(void)field;
	r = expect(d, value, VALUE_BOOL);
	if (r == 0)
		*(bool *)out = value->boolean;
	return r;
}

int decode_opt_bool(struct decode *d, const struct value *value, const struct field *field,
		    void *out)
{
	struct opt_bool *opt = out;
	int r;

	r = decode_bool(d, value, field, &opt->v);
	if (r == 0)
		opt->set = true;
	return r;
}

/* A number that is no plain integer, or no number at all. */
static int refuse_integer(struct decode *d, const struct value *value)
{
	if (value->kind == VALUE_NUMBER)
		return decode_error(d, value, "expected an integer, got `%s`", value->text);
	return decode_error(d, value, "expected an integer, got %s", value_kind_words(value->kind));
}

int decode_i64(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	static const struct range whole = { INT64_MIN, INT64_MAX };
	const struct range *range = field->arg ? field->arg : &whole;
	int r;

	if (value->kind != VALUE_NUMBER)
		return refuse_integer(d, value);
	r = str_to_i64(value->text, range->min, range->max, out);
	if (r == -ERANGE)
		return decode_error(d, value, "`%s` is out of range (%" PRId64 " to %" PRId64 ")",
				    value->text, range->min, range->max);
	return r < 0 ? refuse_integer(d, value) : 0;
}

static int decode_unsigned(struct decode *d, const struct value *value, uint64_t max, uint64_t *ret)
{
	int64_t negative;
	int r;

	if (value->kind != VALUE_NUMBER)
		return refuse_integer(d, value);
	r = str_to_u64(value->text, max, ret);
	/* A negative integer is one, only too small. */
	if (r == -EINVAL && str_to_i64(value->text, INT64_MIN, 0, &negative) != -EINVAL)
		r = -ERANGE;
	if (r == -ERANGE)
		return decode_error(d, value, "`%s` is out of range (0 to %" PRIu64 ")",
				    value->text, max);
	return r < 0 ? refuse_integer(d, value) : 0;
}

int decode_u64(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	(void)field;
	return decode_unsigned(d, value, UINT64_MAX, out);
}

int decode_u32(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	uint64_t number = 0;
	int r;

	(void)field;
	r = decode_unsigned(d, value, UINT32_MAX, &number);
	if (r == 0)
		*(uint32_t *)out = (uint32_t)number;
	return r;
}

int decode_opt_i64(struct decode *d, const struct value *value, const struct field *field,
		   void *out)
{
	struct opt_i64 *opt = out;
	int r;

	r = decode_i64(d, value, field, &opt->v);
	if (r == 0)
		opt->set = true;
	return r;
}

int decode_opt_u64(struct decode *d, const struct value *value, const struct field *field,
		   void *out)
{
	struct opt_u64 *opt = out;
	int r;

	r = decode_u64(d, value, field, &opt->v);
	if (r == 0)
		opt->set = true;
	return r;
}

int decode_string(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	int r;

	(void)field;
	r = expect(d, value, VALUE_STRING);
	if (r == 0)
		*(const char **)out = value->text;
	return r;
}

/* Decode each element by @element into a new array; @size: of one element there. */
static int decode_items(struct decode *d, const struct value *value, const struct field *element,
			size_t size, void **ret_items)
{
	char *items;
	int r;

	r = expect(d, value, VALUE_ARRAY);
	if (r < 0)
		return r;
	items = arena_alloc(d->arena, value->items.count * size);
	for (size_t i = 0; i < value->items.count; i++) {
		r = decode_below(d, (struct decode_path){ .index = i }, value->items.items[i],
				 element, items + i * size);
		if (r < 0)
			return r;
	}
	*ret_items = items;
	return 0;
}

int decode_strings(struct decode *d, const struct value *value, const struct field *field,
		   void *out)
{
	static const struct field element = { .decode = decode_string };
	size_t count = value->items.count;
	void *items;
	int r;

	(void)field;
	r = decode_items(d, value, &element, sizeof(char *), &items);
	if (r == 0)
		*(struct strings *)out = (struct strings){ items, count, count };
	return r;
}

int decode_structs(struct decode *d, const struct value *value, const struct field *field,
		   void *out)
{
	const struct fields *fields = field->arg;
	const struct field element = { .decode = decode_struct, .arg = fields };
	VEC(void) list = { 0 };
	void *items;
	int r;

	r = decode_items(d, value, &element, fields->size, &items);
	if (r < 0)
		return r;
	list.items = items;
	list.count = list.capacity = value->items.count;
	/* Bytewise: the caller's VEC has another element type, but the same layout. */
	memcpy(out, &list, sizeof(list));
	return 0;
}

int decode_struct(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	return decode_object(d, value, field->arg, out);
}

int decode_enum(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	const struct words *words = field->arg;
	struct strbuf allowed = { .arena = d->arena };
	int64_t found;
	int r;

	r = expect(d, value, VALUE_STRING);
	if (r < 0)
		return r;
	if (names_find(words->items, words->count, value->text, &found) == 0) {
		*(int *)out = (int)found;
		return 0;
	}
	for (size_t i = 0; i < words->count; i++)
		strbuf_addf(&allowed, "%s%s", i ? ", " : "", words->items[i].name);
	return decode_error(d, value, "unknown %s `%s` (one of %s)", words->what, value->text,
			    strbuf_text(&allowed));
}

/* Nothing asked for: also an object of such members, as Go's writers fill in { "weight": 0 }. */
static bool is_empty(const struct value *value)
{
	int64_t number;
	bool empty = true;

	switch (value->kind) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return !value->boolean;
	case VALUE_NUMBER:
		return str_to_i64(value->text, 0, 0, &number) == 0;
	case VALUE_STRING:
		return !*value->text;
	case VALUE_ARRAY:
		return !value->items.count;
	case VALUE_OBJECT:
		VEC_EACH(member, &value->members)
			empty &= is_empty(member->value);
		return empty;
	}
	return false;
}

int decode_refuse(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	(void)field;
	(void)out;
	return is_empty(value) ? 0
			       : decode_error(d, value, "not supported by this version of nvcrun");
}

int decode_ignore(struct decode *d, const struct value *value, const struct field *field, void *out)
{
	(void)d;
	(void)value;
	(void)field;
	(void)out;
	return 0;
}
