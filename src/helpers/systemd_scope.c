/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd-scope: transient units of containers. A program of its own, because libsystemd has no static
 * archive for the main binary to use.
 *
 *	systemd-scope start BUS UNIT PROPERTY…	start it, print its cgroup
 *	systemd-scope set BUS UNIT PROPERTY…	change it until it ends
 *	systemd-scope stop BUS UNIT		stop and forget it; one that is not there is success
 *	systemd-scope top BUS			print the cgroup that all units are below
 *
 * BUS is `system`, or the address of a user's bus. PROPERTY is NAME=TYPE:VALUE with a type of D-Bus:
 * b:1, t:NUMBER, s:TEXT, as:TEXT, au:NUMBER, ay:HEX, a(ss):WORD WORD,WORD WORD…
 * man 5 org.freedesktop.systemd1
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define MANAGER	     "org.freedesktop.systemd1.Manager"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define SYSTEMD	     "org.freedesktop.systemd1"

/* systemd itself, for a machine without a message bus, or before it runs. */
#define PRIVATE_BUS "unix:path=/run/systemd/private"

#define DEADLINE_USEC (30 * (uint64_t)1000000)

/* How many properties a systemd that is too old for them may refuse. */
#define REFUSALS_MAX 16

struct scope {
	sd_bus *bus;
	const char *bus_name; /* for errors */
	bool is_private;      /* the bus has one end only: systemd */
	uint64_t deadline;    /* CLOCK_MONOTONIC, microseconds */
	struct arena arena;
	const char *job;    /* object path of the job that is waited for */
	const char *result; /* how it ended; NULL: not yet */
};

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Microseconds until the deadline; 0: it is over. */
static uint64_t time_left(const struct scope *scope)
{
	uint64_t now = now_usec();

	return now < scope->deadline ? scope->deadline - now : 0;
}

__attribute__((format(printf, 3, 4))) static int fail(const struct scope *scope, int r,
						      const char *fmt, ...)
{
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s (%s)\n", err_name(-r, name, sizeof(name)), scope->bus_name);
	return r;
}

static int fail_call(const struct scope *scope, const char *method, const sd_bus_error *error,
		     int r)
{
	if (r == -ETIMEDOUT)
		return fail(scope, r, "%s: no answer within 30 s", method);
	if (!sd_bus_error_is_set(error))
		return fail(scope, r, "%s", method);
	fprintf(stderr, "%s: %s (%s, %s)\n", method, error->message ? error->message : "refused",
		error->name, scope->bus_name);
	return r;
}

/* Let the connection work, at most until the deadline. 0, or -errno. */
static int work(struct scope *scope)
{
	int r = sd_bus_process(scope->bus, NULL);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!time_left(scope))
		return -ETIMEDOUT;
	r = sd_bus_wait(scope->bus, time_left(scope));
	return r < 0 && r != -EINTR ? r : 0;
}

static int open_address(const char *address, bool is_private, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r;

	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, !is_private);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

/* A bus may take the connection and never speak: sd-bus itself would wait for 90 s then. */
static int wait_ready(struct scope *scope)
{
	int r;

	while ((r = sd_bus_is_ready(scope->bus)) == 0) {
		r = work(scope);
		if (r < 0)
			break;
	}
	if (r == -ETIMEDOUT)
		return fail(scope, r, "the bus does not answer");
	return r < 0 ? fail(scope, r, "connect to the bus") : 0;
}

static int connect_bus(struct scope *scope, const char *bus)
{
	bool is_system = str_eq(bus, "system");
	int r;

	scope->bus_name = is_system ? "system bus" : bus;
	r = is_system ? sd_bus_open_system(&scope->bus) : open_address(bus, false, &scope->bus);
	if (r < 0 && is_system && open_address(PRIVATE_BUS, true, &scope->bus) == 0) {
		scope->bus_name = PRIVATE_BUS;
		scope->is_private = true;
		r = 0;
	}
	if (r < 0)
		return fail(scope, r, "connect to the bus");
	return wait_ready(scope);
}

/* --- properties */

static int append_bytes(sd_bus_message *message, const char *hex)
{
	unsigned char bytes[4096];
	size_t len = 0;

	for (; hex[0] && hex[1] && len < sizeof(bytes); hex += 2) {
		char digits[3] = { hex[0], hex[1], '\0' };

		bytes[len++] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return sd_bus_message_append_array(message, 'y', bytes, len);
}

/* `/dev/char/1:3 rwm,char-* m` */
static int append_pairs(sd_bus_message *message, const char *text, struct arena *arena)
{
	struct strings pairs = str_split(arena, text, ',', false);
	int r = sd_bus_message_open_container(message, 'a', "(ss)");

	VEC_EACH(pair, &pairs) {
		struct strings words = str_split(arena, *pair, ' ', false);

		if (r >= 0)
			r = words.count == 2 ? sd_bus_message_append(message, "(ss)",
								     words.items[0], words.items[1])
					     : -EINVAL;
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_value(sd_bus_message *message, const char *type, const char *text,
			struct arena *arena)
{
	uint64_t number = 0;

	if (str_eq(type, "s"))
		return sd_bus_message_append(message, "s", text);
	if (str_eq(type, "as"))
		return sd_bus_message_append(message, "as", 1, text);
	if (str_eq(type, "ay"))
		return append_bytes(message, text);
	if (str_eq(type, "a(ss)"))
		return append_pairs(message, text, arena);
	if (str_to_u64(text, UINT64_MAX, &number) < 0)
		return -EINVAL;
	if (str_eq(type, "b"))
		return sd_bus_message_append(message, "b", number != 0);
	if (str_eq(type, "t"))
		return sd_bus_message_append(message, "t", number);
	if (str_eq(type, "au"))
		return sd_bus_message_append(message, "au", 1, (uint32_t)number);
	return -EINVAL;
}

/* NAME=TYPE:VALUE as a (sv) */
static int append_property(sd_bus_message *message, const char *property, struct arena *arena)
{
	const char *equals = strchr(property, '=');
	const char *colon = equals ? strchr(equals, ':') : NULL;
	const char *name, *type;
	int r;

	if (!colon)
		return -EINVAL;
	name = arena_strndup(arena, property, (size_t)(equals - property));
	type = arena_strndup(arena, equals + 1, (size_t)(colon - equals - 1));
	r = sd_bus_message_open_container(message, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', type);
	if (r >= 0)
		r = append_value(message, type, colon + 1, arena);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_properties(struct scope *scope, sd_bus_message *message,
			     const struct strings *properties)
{
	int r = sd_bus_message_open_container(message, 'a', "(sv)");

	VEC_EACH(property, properties) {
		if (r >= 0)
			r = append_property(message, *property, &scope->arena);
		if (r < 0)
			return fail(scope, r, "property `%s`", *property);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

/* An older systemd says which property it does not know: the cgroup's own files make up for it. */
static bool drop_refused(struct strings *properties, const sd_bus_error *error)
{
	if (!sd_bus_error_has_name(error, SD_BUS_ERROR_PROPERTY_READ_ONLY) || !error->message)
		return false;
	VEC_EACH(property, properties) {
		size_t len = strcspn(*property, "=");
		const char *found = memmem(error->message, strlen(error->message), *property, len);

		if (!found || isalnum((unsigned char)found[len]))
			continue;
		*property = properties->items[--properties->count];
		return true;
	}
	return false;
}

/* --- calls */

static int call(struct scope *scope, sd_bus_message *message, sd_bus_error *error,
		sd_bus_message **reply)
{
	uint64_t left = time_left(scope);

	return left ? sd_bus_call(scope->bus, message, left, error, reply) : -ETIMEDOUT;
}

/* A method of the manager; on success @ret_reply is the caller's to release. */
static int call_manager(struct scope *scope, const char *method, sd_bus_error *error,
			sd_bus_message **ret_reply, const char *types, ...)
{
	sd_bus_message *message = NULL;
	va_list ap;
	int r;

	r = sd_bus_message_new_method_call(scope->bus, &message, SYSTEMD, MANAGER_PATH, MANAGER,
					   method);
	va_start(ap, types);
	if (r >= 0)
		r = sd_bus_message_appendv(message, types, ap);
	va_end(ap);
	if (r >= 0)
		r = call(scope, message, error, ret_reply);
	sd_bus_message_unref(message);
	return r;
}

/* Failed or left-over units of that name are forgotten. */
static void reset_failed(struct scope *scope, const char *unit)
{
	sd_bus_message *reply = NULL;

	(void)call_manager(scope, "ResetFailedUnit", NULL, &reply, "s", unit);
	sd_bus_message_unref(reply);
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct scope *scope = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (scope->job && str_eq(path, scope->job))
		scope->result = arena_strdup(&scope->arena, result);
	return 0;
}

/* Before the call that makes the job, or its end could be missed. */
static int watch_jobs(struct scope *scope)
{
	int r;

	r = sd_bus_match_signal(scope->bus, NULL, scope->is_private ? NULL : SYSTEMD, MANAGER_PATH,
				MANAGER, "JobRemoved", on_job_removed, scope);
	return r < 0 ? fail(scope, r, "watch the jobs of systemd") : 0;
}

/* @reply: of the call that made the job; signals that came before it are looked at only from here on. */
static int wait_job(struct scope *scope, sd_bus_message *reply, const char *what, const char *unit)
{
	int r = sd_bus_message_read(reply, "o", &scope->job);

	if (r < 0)
		return fail(scope, r, "%s %s: read the answer", what, unit);
	while (!scope->result) {
		r = work(scope);
		if (r == -ETIMEDOUT)
			return fail(scope, r, "%s %s: systemd has not done it within 30 s", what,
				    unit);
		if (r < 0)
			return fail(scope, r, "%s %s", what, unit);
	}
	if (str_eq(scope->result, "done"))
		return 0;
	fprintf(stderr, "%s %s: the job of systemd ended with `%s`; see its journal (%s)\n", what,
		unit, scope->result, scope->bus_name);
	return -EIO;
}

/* Unit objects have a path made of their name. */
static int read_property(struct scope *scope, const char *unit, const char *interface,
			 const char *name, char **ret)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *path = NULL;
	int r;

	r = unit ? sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path) : 0;
	if (r >= 0)
		r = sd_bus_get_property_string(scope->bus, SYSTEMD, path ? path : MANAGER_PATH,
					       interface, name, &error, ret);
	if (r < 0)
		fail_call(scope, name, &error, r);
	sd_bus_error_free(&error);
	free(path);
	return r < 0 ? r : 0;
}

static int start_once(struct scope *scope, const char *unit, const struct strings *properties,
		      sd_bus_error *error, sd_bus_message **reply)
{
	sd_bus_message *message = NULL;
	int r;

	r = sd_bus_message_new_method_call(scope->bus, &message, SYSTEMD, MANAGER_PATH, MANAGER,
					   "StartTransientUnit");
	if (r >= 0)
		r = sd_bus_message_append(message, "ss", unit, "fail");
	if (r >= 0)
		r = append_properties(scope, message, properties);
	if (r >= 0)
		r = sd_bus_message_append(message, "a(sa(sv))", 0);
	if (r >= 0)
		r = call(scope, message, error, reply);
	sd_bus_message_unref(message);
	return r;
}

static int start_unit(struct scope *scope, const char *unit, struct strings *properties,
		      sd_bus_message **reply)
{
	bool was_there = false;

	for (int refusals = 0; refusals < REFUSALS_MAX; refusals++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;
		int r = start_once(scope, unit, properties, &error, reply);
		bool again = r < 0 && drop_refused(properties, &error);

		if (r < 0 && !was_there && sd_bus_error_has_name(&error, SYSTEMD ".UnitExists")) {
			was_there = again = true;
			reset_failed(scope, unit);
		}
		if (r < 0 && !again)
			fail_call(scope, "StartTransientUnit", &error, r);
		sd_bus_error_free(&error);
		if (!again)
			return r;
	}
	return fail(scope, -E2BIG, "start %s: systemd knows too few of its properties", unit);
}

/* --- verbs */

static int do_start(struct scope *scope, const char *unit, struct strings *properties)
{
	const char *interface =
		str_has_suffix(unit, ".slice") ? SYSTEMD ".Slice" : SYSTEMD ".Scope";
	sd_bus_message *reply = NULL;
	char *cgroup = NULL;
	int r;

	r = watch_jobs(scope);
	if (r >= 0)
		r = start_unit(scope, unit, properties, &reply);
	if (r >= 0) {
		r = wait_job(scope, reply, "start", unit);
		if (r < 0)
			reset_failed(scope, unit);
	}
	if (r >= 0)
		r = read_property(scope, unit, interface, "ControlGroup", &cgroup);
	if (r >= 0)
		puts(cgroup);
	sd_bus_message_unref(reply);
	free(cgroup);
	return r;
}

static int do_set(struct scope *scope, const char *unit, struct strings *properties)
{
	for (int refusals = 0; refusals < REFUSALS_MAX && properties->count; refusals++) {
		sd_bus_message *message = NULL, *reply = NULL;
		sd_bus_error error = SD_BUS_ERROR_NULL;
		bool again;
		int r;

		r = sd_bus_message_new_method_call(scope->bus, &message, SYSTEMD, MANAGER_PATH,
						   MANAGER, "SetUnitProperties");
		if (r >= 0)
			r = sd_bus_message_append(message, "sb", unit, true);
		if (r >= 0)
			r = append_properties(scope, message, properties);
		if (r >= 0)
			r = call(scope, message, &error, &reply);
		again = r < 0 && drop_refused(properties, &error);
		if (r < 0 && !again)
			fail_call(scope, "SetUnitProperties", &error, r);
		sd_bus_message_unref(message);
		sd_bus_message_unref(reply);
		sd_bus_error_free(&error);
		if (!again)
			return r;
	}
	return 0;
}

static int do_stop(struct scope *scope, const char *unit, struct strings *properties)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r;

	(void)properties;
	r = watch_jobs(scope);
	if (r < 0)
		return r;
	r = call_manager(scope, "StopUnit", &error, &reply, "ss", unit, "replace");
	if (sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit"))
		r = 0;
	else if (r < 0)
		fail_call(scope, "StopUnit", &error, r);
	else
		r = wait_job(scope, reply, "stop", unit);
	if (r >= 0)
		reset_failed(scope, unit);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}

static int do_top(struct scope *scope, const char *unit, struct strings *properties)
{
	char *cgroup = NULL;
	int r = read_property(scope, NULL, MANAGER, "ControlGroup", &cgroup);

	(void)unit;
	(void)properties;
	if (r >= 0)
		puts(*cgroup ? cgroup : "/");
	free(cgroup);
	return r;
}

static const struct {
	const char *name;
	bool has_unit;
	int (*run)(struct scope *scope, const char *unit, struct strings *properties);
} verbs[] = {
	{ "start", true, do_start },
	{ "set", true, do_set },
	{ "stop", true, do_stop },
	{ "top", false, do_top },
};

int main(int argc, char **argv)
{
	struct scope scope = { .deadline = now_usec() + DEADLINE_USEC };
	struct strings properties = { 0 };
	int r = -EINVAL;

	for (int i = 4; i < argc; i++)
		VEC_PUSH(&properties, &scope.arena, argv[i]);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (argc < 3 + verbs[i].has_unit || !str_eq(argv[1], verbs[i].name))
			continue;
		r = connect_bus(&scope, argv[2]);
		if (r == 0)
			r = verbs[i].run(&scope, argv[3], &properties);
		break;
	}
	if (r == -EINVAL && !scope.bus)
		fprintf(stderr,
			"usage: systemd-scope start|set|stop|top BUS [UNIT [PROPERTY]...]\n");
	sd_bus_flush_close_unref(scope.bus);
	arena_done(&scope.arena);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
