#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a container is given, as a program in it sees it. Two runtimes shall give the same.
exec 2>&1
title() {
	echo
	echo "== $*"
}

title identity
id
grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig(Blk|Ign|Cgt)|Cpus_allowed_list|Mems_allowed_list)' /proc/self/status
cat /proc/self/uid_map /proc/self/gid_map /proc/self/oom_score_adj /proc/self/personality
umask
title process
pwd
env | sort
cat /proc/self/limits
awk '{ print "first:", $1 == 1, "session:", $6 == 1, "terminal:", $7 }' /proc/self/stat
for fd in /proc/self/fd/*; do
	echo "${fd##*/}" "$(readlink "$fd" | sed 's/[0-9][0-9]*/N/')"
done
title namespaces
hostname
cat /proc/sys/kernel/domainname
ls /sys/class/net
title mounts
# Neither its own way of masking nor which cgroups are shown is the business of engines.
sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; / - sysfs /s/ r[ow]$//; / - tmpfs /s/,mode=[0-7]+//' /proc/self/mountinfo |
	grep -vE ' /(proc/[a-z]+|sys/(firmware|kernel|dev/block|fs/cgroup[^ ]*)) ' | sort
cut -d ' ' -f 5 /proc/self/mountinfo | grep -vE '^/(proc/[a-z]+|sys/|dev/mqueue)' | sort |
	xargs stat -c '%n %F %a %u:%g'
title devices
# In a user namespace the kernel gives mqueue to whoever made the namespace.
find /dev ! -name mqueue -exec stat -c '%n %F %a %u:%g %t,%T' {} + | sort
for path in / /dev /proc /sys /tmp /etc/hosts; do
	stat -c '%n %F %a %u:%g' "$path"
done
title masks
for path in acpi kcore keys timer_list scsi sysrq-trigger bus fs irq sys interrupts; do
	if [ -d /proc/$path ]; then
		echo "$path: $(find /proc/$path -maxdepth 1 | wc -l)"
	else
		echo "$path: $(head -c 8 /proc/$path | wc -c)"
		grep " /proc/$path " /proc/mounts | cut -d' ' -f 2,4 | cut -d, -f 1
	fi
done
find /sys/firmware | wc -l
title limits
sed -E 's/[0-9a-f]{64}/ID/' /proc/self/cgroup
for file in memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes \
	memory/memory.soft_limit_in_bytes memory/memory.swappiness memory/memory.oom_control \
	cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus \
	cpuset/cpuset.mems pids/pids.max blkio/blkio.throttle.read_bps_device; do
	# shellcheck disable=SC2046  # one line
	echo "$file" $(cat /sys/fs/cgroup/$file)
done
