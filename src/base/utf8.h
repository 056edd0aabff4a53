/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: what the readers accept and the writers write. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How many bytes at the start of @text are valid UTF-8: @len when all of it is. Overlong forms,
 * surrogates and anything above U+10FFFF are invalid (RFC 3629 § 4).
 */
size_t utf8_valid(const char *text, size_t len);

/*
 * Encode one character. Returns the number of bytes written to @ret, 0 when @character is a
 * surrogate or above U+10FFFF.
 */
size_t utf8_encode(uint32_t character, char ret[4]);
