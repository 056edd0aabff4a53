/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that do not compile here (forced into every file, see Makefile.am). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef alloca
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gets alloca system popen dup
