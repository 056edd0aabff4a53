/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: `linux.seccomp`. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>

#include "oci/config_decode.h"
#include "oci/enums.h"

bool oci_seccomp_action_is_supported(uint32_t action)
{
	return action != SECCOMP_RET_USER_NOTIF;
}

bool oci_seccomp_flag_is_supported(uint32_t flag)
{
	return flag != SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

/* A word of a table that is known, but not supported yet, is refused here. */
static int decode_word(struct decode *d, const struct value *value, const struct words *words,
		       bool (*is_supported)(uint32_t), uint32_t *ret)
{
	const struct field field = { .arg = words };
	int number = 0;
	int r;

	r = decode_enum(d, value, &field, &number);
	if (r < 0)
		return r;
	if (is_supported && !is_supported((uint32_t)number))
		return decode_error(d, value, "%s: not supported by this version of nvcrun",
				    value->text);
	*ret = (uint32_t)number;
	return 0;
}

static int decode_action(struct decode *d, const struct value *value, const struct field *field,
			 void *out)
{
	struct opt_u64 *action = out;
	uint32_t number = 0;
	int r;

	(void)field;
	/* Go's writers print a missing action so. */
	if (value->kind == VALUE_STRING && !*value->text)
		return 0;
	r = decode_word(d, value, &oci_seccomp_action_words, oci_seccomp_action_is_supported,
			&number);
	if (r == 0)
		*action = (struct opt_u64){ true, number };
	return r;
}

static int decode_arch(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_seccomp *seccomp = out;
	uint32_t arch = 0;
	int r;

	(void)field;
	r = decode_word(d, value, &oci_seccomp_arch_words, NULL, &arch);
	if (r == 0)
		VEC_PUSH(&seccomp->archs, d->arena, arch);
	return r;
}

static int decode_flag(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_seccomp *seccomp = out;
	uint32_t flag = 0;
	int r;

	(void)field;
	r = decode_word(d, value, &oci_seccomp_flag_words, oci_seccomp_flag_is_supported, &flag);
	if (r == 0)
		seccomp->flags |= flag;
	return r;
}

/* Arguments of a system call; linux/seccomp.h: struct seccomp_data */
static const struct range arg_indexes = { 0, 5 };

static int decode_index(struct decode *d, const struct value *value, const struct field *field,
			void *out)
{
	int64_t index = 0;
	int r;

	r = decode_i64(d, value, field, &index);
	if (r == 0)
		*(uint32_t *)out = (uint32_t)index;
	return r;
}

static const struct field arg_fields[] = {
	{ "index", decode_index, offsetof(struct oci_seccomp_arg, index), &arg_indexes,
	  FIELD_REQUIRED },
	{ "value", decode_u64, offsetof(struct oci_seccomp_arg, value), NULL, FIELD_REQUIRED },
	{ "valueTwo", decode_u64, offsetof(struct oci_seccomp_arg, value_two), NULL, 0 },
	{ "op", decode_enum, offsetof(struct oci_seccomp_arg, op), &oci_seccomp_op_words,
	  FIELD_REQUIRED },
};
static const struct fields arg_table = FIELDS(arg_fields, struct oci_seccomp_arg);

/* SECCOMP_RET_DATA: the low half of what a filter returns. */
static const struct range action_data = { 0, UINT16_MAX };

/*
 * An action with its error number, which is EPERM where none is given. For SECCOMP_RET_TRACE it is what the
 * tracer reads. @key: of the error number; @place: the object that both are members of
 */
static int unite_action(struct decode *d, const struct value *place, const char *key,
			uint32_t action, const struct opt_i64 *number, uint32_t *ret)
{
	struct decode_path step = { .up = d->path, .key = key };
	int r;

	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE) {
		*ret = action | (uint32_t)(number->set ? number->v : EPERM);
		return 0;
	}
	*ret = action;
	if (!number->set)
		return 0;
	d->path = &step;
	r = decode_error(
		d, value_get(place, key), "%s has no error number",
		names_of(oci_seccomp_action_words.items, oci_seccomp_action_words.count, action));
	d->path = step.up;
	return r;
}

struct rule_entry {
	struct strings names;
	struct opt_u64 action;
	struct opt_i64 error;
	VEC(struct oci_seccomp_arg) args;
};

static const struct field rule_fields[] = {
	{ "names", decode_strings, offsetof(struct rule_entry, names), NULL, FIELD_REQUIRED },
	{ "action", decode_action, offsetof(struct rule_entry, action), NULL, FIELD_REQUIRED },
	{ "errnoRet", decode_opt_i64, offsetof(struct rule_entry, error), &action_data, 0 },
	{ "args", decode_structs, offsetof(struct rule_entry, args), &arg_table, 0 },
};
static const struct fields rule_table = FIELDS(rule_fields, struct rule_entry);

static int decode_rule(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_seccomp *seccomp = out;
	struct oci_seccomp_rule *rule = VEC_ADD(&seccomp->rules, d->arena);
	struct rule_entry entry = { 0 };
	int r;

	(void)field;
	r = decode_object(d, value, &rule_table, &entry);
	if (r < 0)
		return r;
	if (!entry.names.count)
		return decode_error(d, value, "names: at least one is needed");
	if (!entry.action.set)
		return decode_error(d, value, "action: required, but empty");
	rule->names = entry.names;
	rule->args.items = entry.args.items;
	rule->args.count = rule->args.capacity = entry.args.count;
	return unite_action(d, value, "errnoRet", (uint32_t)entry.action.v, &entry.error,
			    &rule->action);
}

struct seccomp_entry {
	struct opt_u64 action;
	struct opt_i64 error;
	struct oci_seccomp seccomp;
};

/* An array of which each element is added to the model by the decoder in the row. */
struct list {
	decode_fn element;
};

static int decode_list(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	const struct list *list = field->arg;

	return oci_decode_each(d, value, list->element, out);
}

static int decode_flags(struct decode *d, const struct value *value, const struct field *field,
			void *out)
{
	struct oci_seccomp *seccomp = out;

	/* An empty list says that none are wanted: man 2 seccomp has no flag for that. */
	seccomp->flags_set = true;
	return decode_list(d, value, field, out);
}

static const struct list archs = { decode_arch };
static const struct list flags = { decode_flag };
static const struct list rules = { decode_rule };

static const struct field seccomp_fields[] = {
	{ "defaultAction", decode_action, offsetof(struct seccomp_entry, action), NULL, 0 },
	{ "defaultErrnoRet", decode_opt_i64, offsetof(struct seccomp_entry, error), &action_data,
	  0 },
	{ "architectures", decode_list, offsetof(struct seccomp_entry, seccomp), &archs, 0 },
	{ "flags", decode_flags, offsetof(struct seccomp_entry, seccomp), &flags, 0 },
	{ "listenerPath", decode_refuse, 0, NULL, 0 },
	{ "listenerMetadata", decode_refuse, 0, NULL, 0 },
	{ "syscalls", decode_list, offsetof(struct seccomp_entry, seccomp), &rules, 0 },
};
static const struct fields seccomp_table = FIELDS(seccomp_fields, struct seccomp_entry);

int oci_decode_seccomp(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_seccomp *seccomp = out;
	struct seccomp_entry entry = { 0 };
	int r;

	(void)field;
	r = decode_object(d, value, &seccomp_table, &entry);
	if (r < 0)
		return r;
	/* Nothing in it is how Go's writers say that no filter is wanted. */
	if (!entry.action.set && !entry.seccomp.rules.count)
		return 0;
	if (!entry.action.set)
		return decode_error(d, value, "defaultAction: required, but missing");
	r = unite_action(d, value, "defaultErrnoRet", (uint32_t)entry.action.v, &entry.error,
			 &entry.seccomp.default_action);
	if (r < 0)
		return r;
	entry.seccomp.set = true;
	*seccomp = entry.seccomp;
	return 0;
}
