# Completion of nvcrun for fish, printed by: nvcrun __complete fish

# The command and what follows it; nothing while only global options were typed.
function __nvcrun_words
	set -l tokens (commandline -opc)
	set -e tokens[1]
	while set -q tokens[1]
		switch $tokens[1]
			case --log --log-format --log-level --root --settings
				set -e tokens[1]
			case '-*'
			case '*'
				printf '%s\n' $tokens
				return
		end
		set -e tokens[1]
	end
end

function __nvcrun_needs_command
	set -l words (__nvcrun_words)
	not set -q words[1]
end

function __nvcrun_is
	set -l words (__nvcrun_words)
	set -q words[1]; and test $words[1] = $argv[1]
end

function __nvcrun_containers
	nvcrun list --quiet 2>/dev/null
end

complete -c nvcrun -f
complete -c nvcrun -n __nvcrun_needs_command -a create -d 'create a container whose program waits for start'
complete -c nvcrun -n __nvcrun_needs_command -a delete -d 'remove a container that has stopped or was not started'
complete -c nvcrun -n __nvcrun_needs_command -a features -d 'show what this runtime can do as JSON'
complete -c nvcrun -n __nvcrun_needs_command -a help -d 'show the help of the program or of a command'
complete -c nvcrun -n __nvcrun_needs_command -a kill -d 'send a signal to the program of a container (default TERM)'
complete -c nvcrun -n __nvcrun_needs_command -a list -d 'list the containers'
complete -c nvcrun -n __nvcrun_needs_command -a run -d 'create a container, start it and wait for its end'
complete -c nvcrun -n __nvcrun_needs_command -a spec -d 'write a config.json to start from'
complete -c nvcrun -n __nvcrun_needs_command -a start -d 'run the program of a created container'
complete -c nvcrun -n __nvcrun_needs_command -a state -d 'show the state of a container as JSON'
complete -c nvcrun -n __nvcrun_needs_command -l debug -d 'the same as --log-level debug'
complete -c nvcrun -n __nvcrun_needs_command -l log -r -F -d 'append messages to FILE'
complete -c nvcrun -n __nvcrun_needs_command -l log-format -x -a 'text json' -d 'form of messages (default text)'
complete -c nvcrun -n __nvcrun_needs_command -l log-level -x -a 'error warning info debug' -d 'how much (default warning)'
complete -c nvcrun -n __nvcrun_needs_command -l root -x -a '(__fish_complete_directories)' -d 'directory of all states'
complete -c nvcrun -n __nvcrun_needs_command -l settings -r -F -d 'settings of the host'
complete -c nvcrun -n __nvcrun_needs_command -s v -l version -d 'show the version'
complete -c nvcrun -n __nvcrun_needs_command -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is create' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is create' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is create' -l pid-file -r -F -d 'write the pid of the program to FILE'
complete -c nvcrun -n '__nvcrun_is create' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is delete' -s f -l force -d 'kill it first if it runs; no error if there is none'
complete -c nvcrun -n '__nvcrun_is delete' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is features' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is help' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is kill' -s a -l all -d 'signal all processes of the container'
complete -c nvcrun -n '__nvcrun_is kill' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is list' -s f -l format -x -a 'table json' -d 'how the list looks (default table)'
complete -c nvcrun -n '__nvcrun_is list' -s q -l quiet -d 'only the ids, one a line'
complete -c nvcrun -n '__nvcrun_is list' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is run' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is run' -s d -l detach -d 'return when the program runs'
complete -c nvcrun -n '__nvcrun_is run' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is run' -l keep -d 'do not delete the container at its end'
complete -c nvcrun -n '__nvcrun_is run' -l pid-file -r -F -d 'write the pid of the program to FILE'
complete -c nvcrun -n '__nvcrun_is run' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is spec' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory of config.json (default the current one)'
complete -c nvcrun -n '__nvcrun_is spec' -l gpus -x -a 'all none' -d 'GPUs (all, none, count=2, 0,1 or GPU-UUID)'
complete -c nvcrun -n '__nvcrun_is spec' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is start' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is state' -s h -l help -d 'show this help'
complete -c nvcrun -n '__nvcrun_is delete' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is help' -a 'create delete features help kill list run spec start state'
complete -c nvcrun -n '__nvcrun_is kill' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is kill' -a 'HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS UNUSED'
complete -c nvcrun -n '__nvcrun_is start' -a '(__nvcrun_containers)'
complete -c nvcrun -n '__nvcrun_is state' -a '(__nvcrun_containers)'
