/* SPDX-License-Identifier: Apache-2.0 */
/* TOML: text -> value. Keys, tables and who may add to which of them; words are in toml_lex.c. */
#include "base/toml.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "base/toml_lex.h"

/* How a table or array came about decides what may still be added to it (TOML 1.0 § Table). */
enum origin {
	ORIGIN_CLOSED,	/* an inline table or array: complete as written */
	ORIGIN_IMPLIED, /* `a` of `[a.b]`: its own header may follow */
	ORIGIN_DOTTED,	/* `a` of `a.b = 1`: more dotted keys and headers below it may follow */
	ORIGIN_HEADER,	/* `[a]`, or one element of `[[a]]` */
	ORIGIN_TABLES,	/* the array of `[[a]]` */
};

/* Every table and array of the tree. The value comes first: a pointer to it leads back here. */
struct node {
	struct value value;
	enum origin origin;
	int depth; /* the document itself is 1 */
};

static struct node *node_of(struct value *value)
{
	return value->kind == VALUE_OBJECT || value->kind == VALUE_ARRAY ? (struct node *)value
									 : NULL;
}

static int new_node(struct toml_lexer *lex, const struct node *parent, enum value_kind kind,
		    enum origin origin, struct node **ret)
{
	struct node *node;

	if (parent && parent->depth == VALUE_DEPTH_MAX)
		return toml_refuse(lex, "more than %d levels of arrays and tables",
				   VALUE_DEPTH_MAX);
	node = arena_alloc(lex->arena, sizeof(*node));
	node->value.kind = kind;
	node->value.line = lex->line;
	node->origin = origin;
	node->depth = parent ? parent->depth + 1 : 1;
	*ret = node;
	return 0;
}

static struct value *find(const struct node *table, const char *key)
{
	VEC_EACH(it, &table->value.members) {
		if (str_eq(it->key, key))
			return it->value;
	}
	return NULL;
}

static void add_member(struct toml_lexer *lex, struct node *table, const char *key,
		       struct value *value)
{
	VEC_PUSH(&table->value.members, lex->arena, ((struct value_member){ key, value }));
}

static int add_table(struct toml_lexer *lex, struct node *parent, const char *key,
		     enum origin origin, struct node **ret)
{
	int r;

	r = new_node(lex, parent, VALUE_OBJECT, origin, ret);
	if (r == 0)
		add_member(lex, parent, key, &(*ret)->value);
	return r;
}

static int refuse_repeated(struct toml_lexer *lex, const char *key, const struct value *first)
{
	return toml_refuse(lex, "`%s` is defined twice, first in line %u", key, first->line);
}

/* From @table down to its table @key, on the way of a dotted key. */
static int enter_dotted(struct toml_lexer *lex, struct node *table, const char *key,
			struct node **ret)
{
	struct value *value = find(table, key);
	struct node *node;

	if (!value)
		return add_table(lex, table, key, ORIGIN_DOTTED, ret);
	node = node_of(value);
	if (!node || (node->origin != ORIGIN_DOTTED && node->origin != ORIGIN_IMPLIED))
		return refuse_repeated(lex, key, value);
	node->origin = ORIGIN_DOTTED;
	*ret = node;
	return 0;
}

/* From @table down to its table @key, on the way of a header. */
static int enter_header(struct toml_lexer *lex, struct node *table, const char *key,
			struct node **ret)
{
	struct value *value = find(table, key);
	struct node *node;

	if (!value)
		return add_table(lex, table, key, ORIGIN_IMPLIED, ret);
	node = node_of(value);
	if (!node || node->origin == ORIGIN_CLOSED)
		return toml_refuse(lex, "`%s` of line %u is no table that can be added to", key,
				   value->line);
	if (node->origin == ORIGIN_TABLES)
		node = node_of(value->items.items[value->items.count - 1]);
	*ret = node;
	return 0;
}

/* The table that [… @key] defines. */
static int open_table(struct toml_lexer *lex, struct node *parent, const char *key,
		      struct node **ret)
{
	struct value *value = find(parent, key);
	struct node *node;

	if (!value)
		return add_table(lex, parent, key, ORIGIN_HEADER, ret);
	node = node_of(value);
	if (!node || node->origin != ORIGIN_IMPLIED)
		return refuse_repeated(lex, key, value);
	node->origin = ORIGIN_HEADER;
	node->value.line = lex->line;
	*ret = node;
	return 0;
}

/* The element that [[… @key]] adds. */
static int open_element(struct toml_lexer *lex, struct node *parent, const char *key,
			struct node **ret)
{
	struct value *value = find(parent, key);
	struct node *array;
	int r;

	if (value) {
		array = node_of(value);
		if (!array || array->origin != ORIGIN_TABLES)
			return refuse_repeated(lex, key, value);
	} else {
		r = new_node(lex, parent, VALUE_ARRAY, ORIGIN_TABLES, &array);
		if (r < 0)
			return r;
		add_member(lex, parent, key, &array->value);
	}
	r = new_node(lex, array, VALUE_OBJECT, ORIGIN_HEADER, ret);
	if (r == 0)
		VEC_PUSH(&array->value.items, lex->arena, &(*ret)->value);
	return r;
}

/* Go down the dotted key at @at by @enter, all but its last part, which becomes *@ret_key. */
static int read_path(struct toml_lexer *lex,
		     int (*enter)(struct toml_lexer *, struct node *, const char *, struct node **),
		     struct node **table, const char **ret_key)
{
	int r;

	for (;;) {
		toml_skip_blanks(lex);
		r = toml_key(lex, ret_key);
		if (r < 0)
			return r;
		toml_skip_blanks(lex);
		if (!toml_accept(lex, "."))
			return 0;
		r = enter(lex, *table, *ret_key, table);
		if (r < 0)
			return r;
	}
}

static int read_value(struct toml_lexer *lex, const struct node *parent, struct value **ret);

static int read_array(struct toml_lexer *lex, const struct node *parent, struct value **ret)
{
	struct value *item;
	struct node *array;
	int r;

	r = new_node(lex, parent, VALUE_ARRAY, ORIGIN_CLOSED, &array);
	if (r < 0)
		return r;
	for (toml_skip_lines(lex); !toml_accept(lex, "]"); toml_skip_lines(lex)) {
		r = read_value(lex, array, &item);
		if (r < 0)
			return r;
		VEC_PUSH(&array->value.items, lex->arena, item);
		toml_skip_lines(lex);
		if (!toml_accept(lex, ",") && !toml_sees(lex, "]"))
			return toml_expected(lex, "`,` or `]` in an array");
	}
	*ret = &array->value;
	return 0;
}

static int read_member(struct toml_lexer *lex, struct node *table)
{
	struct value *value;
	const char *key;
	int r;

	r = read_path(lex, enter_dotted, &table, &key);
	if (r < 0)
		return r;
	if (!toml_accept(lex, "="))
		return toml_expected(lex, "`=` after a key");
	value = find(table, key);
	if (value)
		return refuse_repeated(lex, key, value);
	toml_skip_blanks(lex);
	r = read_value(lex, table, &value);
	if (r == 0)
		add_member(lex, table, key, value);
	return r;
}

/* On one line and without a comma at the end (TOML 1.0 § Inline Table). */
static int read_inline_table(struct toml_lexer *lex, const struct node *parent, struct value **ret)
{
	struct node *table;
	int r;

	r = new_node(lex, parent, VALUE_OBJECT, ORIGIN_CLOSED, &table);
	if (r < 0)
		return r;
	*ret = &table->value;
	toml_skip_blanks(lex);
	if (toml_accept(lex, "}"))
		return 0;
	do {
		r = read_member(lex, table);
		if (r < 0)
			return r;
		toml_skip_blanks(lex);
	} while (toml_accept(lex, ","));
	if (!toml_accept(lex, "}"))
		return toml_expected(lex, "`,` or `}` in an inline table");
	return 0;
}

/* Recursion is bounded by the depth that new_node() checks. */
static int read_value(struct toml_lexer *lex, const struct node *parent, struct value **ret)
{
	if (toml_accept(lex, "["))
		return read_array(lex, parent, ret);
	if (toml_accept(lex, "{"))
		return read_inline_table(lex, parent, ret);
	return toml_scalar(lex, ret);
}

static int read_header(struct toml_lexer *lex, struct node *root, struct node **ret)
{
	bool element = toml_accept(lex, "[[");
	struct node *table = root;
	const char *key;
	int r;

	if (!element)
		toml_accept(lex, "[");
	r = read_path(lex, enter_header, &table, &key);
	if (r < 0)
		return r;
	if (!toml_accept(lex, element ? "]]" : "]"))
		return toml_expected(lex, element ? "`]]` after a key" : "`]` after a key");
	r = element ? open_element(lex, table, key, ret) : open_table(lex, table, key, ret);
	return r < 0 ? r : toml_end_line(lex, "a table header");
}

static int read_document(struct toml_lexer *lex, struct node *root)
{
	struct node *table = root;
	int r;

	for (;;) {
		toml_skip_lines(lex);
		if (lex->at == lex->end)
			return 0;
		if (toml_sees(lex, "[")) {
			r = read_header(lex, root, &table);
		} else {
			r = read_member(lex, table);
			if (r == 0)
				r = toml_end_line(lex, "a value");
		}
		if (r < 0)
			return r;
	}
}

int toml_read(const char *text, size_t len, const char *name, struct arena *arena,
	      const struct value **ret, struct err *err)
{
	struct toml_lexer lex = {
		.at = text, .end = text + len, .line = 1, .name = name, .arena = arena, .err = err
	};
	struct node *root;
	int r;

	if (len > VALUE_SIZE_MAX)
		return err_set(err, EFBIG, "%s: larger than %d bytes", name, VALUE_SIZE_MAX);
	r = toml_check_text(&lex);
	if (r < 0)
		return r;
	r = new_node(&lex, NULL, VALUE_OBJECT, ORIGIN_HEADER, &root);
	if (r < 0)
		return r;
	r = read_document(&lex, root);
	if (r < 0)
		return r;
	*ret = &root->value;
	return 0;
}
