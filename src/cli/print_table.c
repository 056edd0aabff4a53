/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people. */
#include "cli/print_table.h"

#include "base/str.h"
#include "base/utf8.h"

#define COLUMN_MIN 12
#define COLUMN_GAP 3

/* C0, DEL, and C1 (U+0080 to U+009F): terminals obey them. Returns its length in bytes, 0: none. */
static size_t control_length(const char *text)
{
	unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];

	if (first < 0x20 || first == 0x7f)
		return 1;
	return first == 0xc2 && second >= 0x80 && second < 0xa0 ? 2 : 0;
}

static const char *printable(const char *text, struct arena *arena)
{
	struct strbuf out = { .arena = arena };
	const char *end = text + strlen(text);

	while (text < end) {
		const char *bad = text + utf8_valid(text, (size_t)(end - text));

		while (text < bad) {
			size_t control = control_length(text);

			strbuf_addc(&out, control ? '?' : *text);
			text += control ? control : 1;
		}
		if (text < end) {
			strbuf_addc(&out, '?');
			text++;
		}
	}
	return strbuf_text(&out);
}

/* In characters: bytes that continue one do not count. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

void table_add(struct table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->n_columns; i++)
		VEC_PUSH(&table->cells, table->arena,
			 cells[i] ? printable(cells[i], table->arena) : "");
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t width = COLUMN_MIN;

	for (size_t i = column; i < table->cells.count; i += table->n_columns) {
		size_t cell = width_of(table->cells.items[i]) + COLUMN_GAP;

		width = cell > width ? cell : width;
	}
	return width;
}

char *table_print(struct table *table)
{
	size_t *widths = arena_alloc(table->arena, table->n_columns * sizeof(*widths));
	struct strbuf out = { .arena = table->arena };

	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->cells.count; i++) {
		const char *cell = table->cells.items[i];
		size_t column = i % table->n_columns;

		strbuf_adds(&out, cell);
		if (column + 1 == table->n_columns)
			strbuf_addc(&out, '\n');
		else
			strbuf_addf(&out, "%*s", (int)(widths[column] - width_of(cell)), "");
	}
	return arena_strdup(table->arena, strbuf_text(&out));
}
