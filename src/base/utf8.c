/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8. */
#include "base/utf8.h"

#include "base/vec.h"

/* RFC 3629 § 4: the range of the first byte, how many follow, and the range of the second. */
static const struct form {
	unsigned char first, last;
	unsigned char following;
	unsigned char second_min, second_max;
} forms[] = {
	{ 0x00, 0x7f, 0, 0x00, 0x00 }, { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/* The length of the character at @text, 0 when it is none. */
static size_t character_len(const unsigned char *text, size_t len)
{
	const struct form *form = forms;

	while (form < forms + ARRAY_SIZE(forms) && (*text < form->first || *text > form->last))
		form++;
	if (form == forms + ARRAY_SIZE(forms) || form->following >= len)
		return 0;
	if (form->following && (text[1] < form->second_min || text[1] > form->second_max))
		return 0;
	for (size_t i = 2; i <= form->following; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return 1 + (size_t)form->following;
}

size_t utf8_valid(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t one = character_len((const unsigned char *)text + at, len - at);

		if (!one)
			break;
		at += one;
	}
	return at;
}

size_t utf8_encode(uint32_t character, char ret[4])
{
	size_t following = (character > 0x7f) + (character > 0x7ff) + (character > 0xffff);
	static const unsigned char first[] = { 0x00, 0xc0, 0xe0, 0xf0 };

	if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
		return 0;
	for (size_t i = following; i > 0; i--) {
		ret[i] = (char)(0x80 | (character & 0x3f));
		character >>= 6;
	}
	ret[0] = (char)(first[following] | character);
	return following + 1;
}
