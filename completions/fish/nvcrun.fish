# Completion of nvcrun for fish, printed by: nvcrun __complete fish

# The command and what follows it; nothing while only global options were typed.
function __nvcrun_words
	set -l tokens (commandline -opc)
	set -e tokens[1]
	while set -q tokens[1]
		switch $tokens[1]
			case --cgroup-manager --log --log-format --log-level --root --rootless --settings
				set -e tokens[1]
			case '-*'
			case '*'
				printf '%s\n' $tokens
				return
		end
		set -e tokens[1]
	end
end

# Exactly these commands were typed, and no argument.
function __nvcrun_needs_command
	set -l words (__nvcrun_words)
	test "$words" = "$argv"
end

function __nvcrun_is
	set -l words (__nvcrun_words)
	set -l count (count $argv)
	set -q words[$count]; and test "$words[1..$count]" = "$argv"
end

function __nvcrun_containers
	nvcrun list --quiet 2>/dev/null
end

complete -c nvcrun -f
complete -c nvcrun -n __nvcrun_needs_command -a create -d 'create a container whose program waits for start'
complete -c nvcrun -n __nvcrun_needs_command -a delete -d 'remove a container that has stopped or was not started'
complete -c nvcrun -n __nvcrun_needs_command -a exec -d 'run another program in a container'
complete -c nvcrun -n __nvcrun_needs_command -a features -d 'show what this runtime can do as JSON'
complete -c nvcrun -n __nvcrun_needs_command -a help -d 'show the help of the program or of a command'
complete -c nvcrun -n __nvcrun_needs_command -a kill -d 'send a signal to the program of a container (default TERM)'
complete -c nvcrun -n __nvcrun_needs_command -a list -d 'list the containers'
complete -c nvcrun -n __nvcrun_needs_command -a nvidia -d 'show the GPUs of the host, or what a container gets'
complete -c nvcrun -n __nvcrun_needs_command -a pause -d 'freeze the processes of a container'
complete -c nvcrun -n __nvcrun_needs_command -a ps -d 'list the processes of a container'
complete -c nvcrun -n __nvcrun_needs_command -a resume -d 'let the processes of a paused container go on'
complete -c nvcrun -n __nvcrun_needs_command -a run -d 'create a container, start it and wait for its end'
complete -c nvcrun -n __nvcrun_needs_command -a spec -d 'write a config.json to start from'
complete -c nvcrun -n __nvcrun_needs_command -a start -d 'run the program of a created container'
complete -c nvcrun -n __nvcrun_needs_command -a state -d 'show the state of a container as JSON'
complete -c nvcrun -n __nvcrun_needs_command -a update -d 'change the limits of a container'
complete -c nvcrun -n '__nvcrun_needs_command nvidia' -a info -d 'show driver and GPUs of the host, and what was found where'
complete -c nvcrun -n '__nvcrun_needs_command nvidia' -a plan -d 'show what a container would get of the GPUs, and why'
complete -c nvcrun -n __nvcrun_needs_command -l cgroup-manager -x -a 'cgroupfs systemd disabled' -d 'who makes cgroups'
complete -c nvcrun -n __nvcrun_needs_command -l debug -d 'the same as --log-level debug'
complete -c nvcrun -n __nvcrun_needs_command -l log -r -F -d 'append messages to FILE'
complete -c nvcrun -n __nvcrun_needs_command -l log-format -x -a 'text json' -d 'how (default text)'
complete -c nvcrun -n __nvcrun_needs_command -l log-level -x -a 'error warning info debug' -d 'how much (default warning)'
complete -c nvcrun -n __nvcrun_needs_command -l root -x -a '(__fish_complete_directories)' -d 'directory of all states'
complete -c nvcrun -n __nvcrun_needs_command -l rootless -x -a 'true false auto' -d 'run without cgroup if denied'
complete -c nvcrun -n __nvcrun_needs_command -l settings -r -F -d 'settings of the host'
complete -c nvcrun -n __nvcrun_needs_command -l systemd-cgroup -d '--cgroup-manager systemd'
complete -c nvcrun -n __nvcrun_needs_command -s v -l version -d 'show the version'
complete -c nvcrun -n __nvcrun_needs_command -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is create' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is create' -l console-socket -r -F -d 'send the terminal to this AF_UNIX socket'
complete -c nvcrun -n '__nvcrun_is create' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is create' -l no-new-keyring -d 'stay in the session keyring of the caller'
complete -c nvcrun -n '__nvcrun_is create' -l no-pivot -d 'move instead of pivot_root, as on a ramdisk'
complete -c nvcrun -n '__nvcrun_is create' -l pid-file -r -F -d 'write the pid of the program to FILE'
complete -c nvcrun -n '__nvcrun_is create' -l preserve-fds -x -d 'pass N more descriptors, from 3 on, to the program'
complete -c nvcrun -n '__nvcrun_is create' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is delete' -s f -l force -d 'kill it first if it runs; no error if there is none'
complete -c nvcrun -n '__nvcrun_is delete' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is exec' -s g -l additional-gids -x -d 'a further group (repeatable)'
complete -c nvcrun -n '__nvcrun_is exec' -s c -l cap -x -d 'a further capability (repeatable)'
complete -c nvcrun -n '__nvcrun_is exec' -l console-socket -r -F -d 'send the terminal to this AF_UNIX socket'
complete -c nvcrun -n '__nvcrun_is exec' -l cwd -x -d 'directory in the container'
complete -c nvcrun -n '__nvcrun_is exec' -s d -l detach -d 'return when the program runs'
complete -c nvcrun -n '__nvcrun_is exec' -s e -l env -x -d 'a variable of the environment (repeatable)'
complete -c nvcrun -n '__nvcrun_is exec' -l ignore-paused -d 'also in a paused container, where it waits'
complete -c nvcrun -n '__nvcrun_is exec' -l no-new-privs -d 'no privileges by set-user-ID programs'
complete -c nvcrun -n '__nvcrun_is exec' -l pid-file -r -F -d 'write the pid of the program to FILE'
complete -c nvcrun -n '__nvcrun_is exec' -l preserve-fds -x -d 'pass N more descriptors, from 3 on, to the program'
complete -c nvcrun -n '__nvcrun_is exec' -s p -l process -r -F -d 'process object to run, instead of ARGS and options'
complete -c nvcrun -n '__nvcrun_is exec' -s t -l tty -d 'give it a terminal'
complete -c nvcrun -n '__nvcrun_is exec' -s u -l user -x -d 'user to run as'
complete -c nvcrun -n '__nvcrun_is exec' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is features' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is help' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is kill' -s a -l all -d 'signal all processes of the container'
complete -c nvcrun -n '__nvcrun_is kill' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is list' -s f -l format -x -a 'table json' -d 'how the list looks (default table)'
complete -c nvcrun -n '__nvcrun_is list' -s q -l quiet -d 'only the ids, one a line'
complete -c nvcrun -n '__nvcrun_is list' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_needs_command nvidia' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is nvidia info' -l json -d 'JSON instead of tables'
complete -c nvcrun -n '__nvcrun_is nvidia info' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is nvidia plan' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is nvidia plan' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is nvidia plan' -l text -d 'tables for people instead of JSON'
complete -c nvcrun -n '__nvcrun_is nvidia plan' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is pause' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is ps' -s f -l format -x -a 'table json' -d 'how the list looks (default table)'
complete -c nvcrun -n '__nvcrun_is ps' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is resume' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is run' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is run' -l console-socket -r -F -d 'send the terminal to this AF_UNIX socket'
complete -c nvcrun -n '__nvcrun_is run' -s d -l detach -d 'return when the program runs'
complete -c nvcrun -n '__nvcrun_is run' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is run' -l keep -d 'do not delete the container at its end'
complete -c nvcrun -n '__nvcrun_is run' -l no-new-keyring -d 'stay in the session keyring of the caller'
complete -c nvcrun -n '__nvcrun_is run' -l no-pivot -d 'move instead of pivot_root, as on a ramdisk'
complete -c nvcrun -n '__nvcrun_is run' -l pid-file -r -F -d 'write the pid of the program to FILE'
complete -c nvcrun -n '__nvcrun_is run' -l preserve-fds -x -d 'pass N more descriptors, from 3 on, to the program'
complete -c nvcrun -n '__nvcrun_is run' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is spec' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is spec' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is spec' -l rootless -d 'for the user who runs it, without rights of root'
complete -c nvcrun -n '__nvcrun_is spec' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is start' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is state' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is update' -l blkio-weight -x -d 'weight for disks (10 to 1000)'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-burst -x -d 'unused quota for a later period'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-idle -x -d '1: run when nothing else wants to'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-period -x -d 'length of the period that --cpu-quota is for'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-quota -x -d 'CPU time in a period, -1 for no limit'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-rt-period -x -d 'period that --cpu-rt-runtime is for'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-rt-runtime -x -d 'time of realtime threads in it'
complete -c nvcrun -n '__nvcrun_is update' -l cpu-share -x -d 'weight against other containers (2 to 262144)'
complete -c nvcrun -n '__nvcrun_is update' -l cpuset-cpus -x -d 'CPUs to use, such as 0-2,5'
complete -c nvcrun -n '__nvcrun_is update' -l cpuset-mems -x -d 'memory nodes to use'
complete -c nvcrun -n '__nvcrun_is update' -l memory -x -d 'memory, such as 512M, -1 for no limit'
complete -c nvcrun -n '__nvcrun_is update' -l memory-reservation -x -d 'memory that is left to it when it is short'
complete -c nvcrun -n '__nvcrun_is update' -l memory-swap -x -d 'memory and swap together, -1 for no limit'
complete -c nvcrun -n '__nvcrun_is update' -l pids-limit -x -d 'processes and threads, -1 for no limit'
complete -c nvcrun -n '__nvcrun_is update' -s r -l resources -r -F -d 'read them as JSON from FILE or, with -, stdin'
complete -c nvcrun -n '__nvcrun_is update' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is delete' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is exec' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is help' -a 'create delete exec features help kill list nvidia pause ps resume run spec start state update'
complete -c nvcrun -n '__nvcrun_is kill' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is kill' -a 'HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS UNUSED'
complete -c nvcrun -n '__nvcrun_is pause' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is ps' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is resume' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is start' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is state' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is update' -a '(__nvcrun_containers)'
