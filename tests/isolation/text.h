/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others in our output. */
#ifndef DAVIT_ISOLATION_TEXT_H
#define DAVIT_ISOLATION_TEXT_H

#include <stdio.h>

/* text_clean() - control characters and what is not ASCII become '?' */
void text_clean(char *s);

/* text_json() - write @s as a JSON string */
void text_json(FILE *out, const char *s);

#endif
