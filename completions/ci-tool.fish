# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ci_tool_global_optspecs
    string join \n store= config= output= color= q/quiet v/verbose h/help V/version
end

function __fish_ci_tool_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ci_tool_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ci_tool_using_subcommand
    set -l cmd (__fish_ci_tool_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ci-tool -n "__fish_ci_tool_needs_command" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_needs_command" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_needs_command" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_needs_command" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -s V -l version -d 'Print version'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "repro" -d 'Saves a failed job\'s environment and gives it back'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "route" -d 'Decides which queue a job runs on, and says why'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "stage" -d 'Runs release pipelines that can be split, skipped into, resumed and explained'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "trigger" -d 'Triggers jobs over revisions, backfills, reruns until they fail'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "engine" -d 'Lists the CI systems and proves that they can be used'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "config" -d 'Shows the configuration in force'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "completion" -d 'Print what a shell needs to complete ci-tool\'s command lines'
complete -c ci-tool -n "__fish_ci_tool_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "save" -d 'Run a job and save its environment when it fails'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "list" -d 'List the captures there are, the latest first'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "show" -d 'Show who saved what, when, on which commit, how it failed, and what is in it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "files" -d 'List the files of a capture'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "get" -d 'Get one file or folder out of a capture'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "restore" -d 'Give a capture back: its files, and scripts that set the environment and rerun the failure'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "verify" -d 'Check that every byte of a capture is what was saved'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "diff" -d 'Tell two captures apart: job, machine, environment, tools, files'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "export" -d 'Write a capture into one archive, for people without ci-tool'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "extend" -d 'Keep a capture longer'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "decommission" -d 'Remove captures without a trace'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "stats" -d 'Show what the captures take in the store, and how much they share'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and not __fish_seen_subcommand_from save list show files get restore verify diff export extend decommission stats gc" -f -a "gc" -d 'Remove what dead saves and removals left behind'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l workspace -d 'The job\'s directory' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l job -d 'The job\'s name, if not the CI\'s' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l owner -d 'Who is to be asked about the capture, if not who started the job' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l also -d 'A further directory to save; may be given again' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l format -d 'How to store the files: chunks, or zip or 7z for people without ci-tool [default: chunks]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l base -d 'A capture of another job whose content need not be stored again (chunks); may be given again' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l keep-per-signature -d 'How many captures of one failure to keep with their files, or all; a further one has only its log, unless the run was marked or --when is always [default: 3]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l exclude -d 'What not to save, in gitignore syntax; may be given again' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l retain -d 'How long to keep it, for example 36h or 14d' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l when -d 'When to save: default failure where it is known whether the job failed, else always' -r -f -a "failure\t'The job failed'
always\t'Whatever happened'
requested\t'The job failed and a capture was requested: CI_TOOL_REPRO, AutoSaveReproEnv, ReproBuild, or repro.jobs'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l timeout -d 'Stop the command and all it started after this long, and save' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l log -d 'A file with the job\'s output, as a post step' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l exit-code -d 'The job\'s exit code, as a post step; an empty one is unknown' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l failed-command -d 'The command that failed, as a post step' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l owner -d 'Only those whose owner\'s name or address holds this' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l job -d 'Only those whose job matches this glob' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l commit -d 'Only those of the commit that begins so' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l older-than -d 'Only those at least this old, for example 36h' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l newer-than -d 'Only those at most this old' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l expired -d 'Only those past their expiry'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -l by-signature -d 'Count failures that repeat instead'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l dump -d 'Print what this command of `repro.dump` said instead, by its name in the list of dumps' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l links -d 'Print a download link to each of its objects instead, good for this long (Azure, at most 7d); whoever has it can read' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -l log -d 'Print the job\'s output instead'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from files" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -l to -d 'Where to put it: a path, a folder, or - for standard output' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l into -d 'A directory that is new or empty [default: repro-ID]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l seed -d 'Take files that are the same in DIR, a checkout or another restored capture, instead of fetching them; may be given again' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l force -d 'Restore into a directory that is not empty: replace files that are in the way, touch nothing else'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l run -d 'Then rerun the command that failed, and end with its exit code'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l shell -d 'Then open a shell there'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l same-path -d 'Rerun, or with --shell open the shell, with the tree at the path it had (Linux)'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l format -d 'The archive\'s format [default: what the suffix of FILE says]' -r -f -a "zip\t''
7z\t''"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l to -d 'The archive, .zip or .7z; must not exist' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from extend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l expired -d 'All that are past their expiry'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l yes -d 'Do not ask'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from decommission" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -l job -d 'Only captures whose job matches this glob' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -l largest -d 'How many of the largest captures to name' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand repro; and __fish_seen_subcommand_from gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l queue -d 'The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l branch -d 'The branch built, for example main or refs/heads/main' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l pr-target -d 'The branch that a pull request is for' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l repository -d 'The repository: OWNER/NAME, or its address' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l reason -d 'Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l job-url -d 'Look the job\'s variables up at this address; a job that cannot be looked up is not redirected' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l token-env -d 'The environment variable that holds the token for --job-url' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l deadline -d 'How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l helix -d 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l helix-token-env -d 'The environment variable that holds Helix\'s token, instead of HELIX_ACCESS_TOKEN' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l log -d 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "explain" -d 'Show every rule, whether it matched, and why'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "batch" -d 'Decide a job a line: JSON in, JSON out'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "serve" -d 'Decide over HTTP: a service for pool providers, with metrics'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "test" -d 'Hold cases against the rules, and say what of the rules they cover'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "lint" -d 'Find what is wrong with the rules, or looks wrong'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "diff" -d 'Show which jobs of a recorded month would go elsewhere under other rules'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "audit" -d 'Find jobs that ran where they should not have'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "submit" -d 'Send a Helix job on the queue decided, with the properties that the decision used'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and not __fish_seen_subcommand_from explain batch serve test lint diff audit submit queues" -f -a "queues" -d 'List queues, show what each inherits from where, and write the twins that are missing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l queue -d 'The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l branch -d 'The branch built, for example main or refs/heads/main' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l pr-target -d 'The branch that a pull request is for' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l repository -d 'The repository: OWNER/NAME, or its address' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l reason -d 'Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l job-url -d 'Look the job\'s variables up at this address; a job that cannot be looked up is not redirected' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l token-env -d 'The environment variable that holds the token for --job-url' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l deadline -d 'How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l helix -d 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l helix-token-env -d 'The environment variable that holds Helix\'s token, instead of HELIX_ACCESS_TOKEN' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -l log -d 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from batch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l listen -d 'Where to listen; port 0 is any that is free. Elsewhere than on this machine only with route.token_env and route.secret_env' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l log -d 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l helix -d 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l helix-token-env -d 'The environment variable that holds Helix\'s token, instead of HELIX_ACCESS_TOKEN' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l helix-job -d 'Send each job that is acquired to Helix: the file of a job that lacks only its queue' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l timeout -d 'Give up clients that are silent for so long, or take so long to send a request' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l concurrency -d 'Batches at once, and acquire calls at once. More batches are told to come again, more calls are decided without a look-up, or told so where a job is to be sent' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l connections -d 'Connections at once; a process may often have no more than 1024 files open' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -l early-accept -d 'Answer acquire calls first, and look the job up and send it afterwards; needs --helix-job'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l coverage -d 'How much of the rules the cases have to cover, in per cent' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l junit -d 'Also write a JUnit report' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -l strict -d 'Let warnings count as errors do'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l jobs -d 'The jobs; - is standard input' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l list -d 'List every job that moves, instead of one example for each pair of queues'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -l exit-code -d 'End with 5 when a job moves'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l usage -d 'Files of usage; - is standard input' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l since -d 'Only jobs of the last so many days, for example 200d; all unless told' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l metrics -d 'Also write the number of findings for Prometheus\'s textfile collector' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l idempotency-key -d 'The key that makes sending twice one job' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l rules -d 'The file of rules, instead of `route.rules` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l helix -d 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l helix-token-env -d 'The environment variable that holds Helix\'s token, instead of HELIX_ACCESS_TOKEN' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l queue -d 'The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l branch -d 'The branch built, for example main or refs/heads/main' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l pr-target -d 'The branch that a pull request is for' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l repository -d 'The repository: OWNER/NAME, or its address' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l reason -d 'Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l job-url -d 'Look the job\'s variables up at this address; a job that cannot be looked up is not redirected' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l token-env -d 'The environment variable that holds the token for --job-url' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l deadline -d 'How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l log -d 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -l dry-run -d 'Decide and show what would be sent, and send nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from submit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -f -a "list" -d 'List the queues'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -f -a "show" -d 'Show a queue with all that it inherits'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand route; and __fish_seen_subcommand_from queues" -f -a "generate" -d 'Write the twins that jobs need and that are missing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "plan" -d 'Show what a run would do: what runs, what does not and why, how long it takes; writes nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "prepare" -d 'Make and sign artifacts, and hand them over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "validate" -d 'Check what was handed over, and publish it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "resume" -d 'Go on with a run: what finished stays, what did not is done again'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "override" -d 'Go on although a stage failed, or had issues: recorded for ever after'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "approve" -d 'Say yes to an approval, and go on'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "reject" -d 'Say no to an approval, or to an offer to override'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "graph" -d 'Draw a pipeline, or a run as it stands'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "import" -d 'Make a pipeline file from a Mermaid drawing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "status" -d 'Show where a run stands, or list the latest runs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "explain" -d 'Say why a stage of a run is where it is'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and not __fish_seen_subcommand_from plan prepare validate resume override approve reject graph import status explain diff" -f -a "diff" -d 'Tell two runs apart: their files, and each stage\'s state, time, command and inputs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l skip -d 'Leave this stage out: what needs it goes on' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l only -d 'Do only this stage' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l from -d 'Do only this stage and what needs it' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l until -d 'Do only this stage and what it needs' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l failed -d 'Do what did not succeed in this run [default: the latest of the pipeline]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l profile -d 'Publish to the containers of this profile; else to those that the pipeline names' -r -f -a "test\t''
production\t''"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l substitute -d 'Do something else instead of a stage\'s work, for this run only' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l what-if -d 'Tell also how long it would take without these stages; may be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l format -d 'Draw the plan instead' -r -f -a "mermaid\t'A flowchart, which `stage import` reads back'
dot\t'For Graphviz'
html\t'A page of its own: the graph, and the stages on a line of time'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l covers -d 'Instead, prove that this pipeline and those of --with hold every stage of OLD exactly once' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l with -d 'A pipeline that runs after this one; may be repeated' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l bar-build-id -d 'The build in the build asset registry' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l build-id -d 'The build in the CI' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l skip -d 'Leave this stage out: what needs it goes on' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l only -d 'Do only this stage' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l from -d 'Do only this stage and what needs it' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l until -d 'Do only this stage and what it needs' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l profile -d 'Publish to the containers of this profile; else to those that the pipeline names' -r -f -a "test\t''
production\t''"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l substitute -d 'Do something else instead of a stage\'s work, for this run only' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l by -d 'Who leaves out what production stands on, or signs again' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l reason -d 'Why' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -s j -l jobs -d 'How many stages run at once [default: the number of processors, at least 4]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l key-file -d 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l rerun -d 'Do stages that are up to date all the same; what is signed is not signed again'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l fail-fast -d 'End everything at the first failure'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l dry-run -d 'Print what would be done, and do nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -l resign -d 'Sign again what was signed from the same inputs: it will differ'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from prepare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l bar-build-id -d 'The build in the build asset registry' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l build-id -d 'The build in the CI' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l skip -d 'Leave this stage out: what needs it goes on' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l only -d 'Do only this stage' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l from -d 'Do only this stage and what needs it' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l until -d 'Do only this stage and what it needs' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l profile -d 'Publish to the containers of this profile; else to those that the pipeline names' -r -f -a "test\t''
production\t''"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l substitute -d 'Do something else instead of a stage\'s work, for this run only' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l by -d 'Who leaves out what production stands on, or signs again' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l reason -d 'Why' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -s j -l jobs -d 'How many stages run at once [default: the number of processors, at least 4]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l key-file -d 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l public-key-file -d 'A PEM file with a public key: the handover must be attested by its owner; can be repeated [env: CI_TOOL_STAGE_PUBLIC_KEY]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l rerun -d 'Do stages that are up to date all the same; what is signed is not signed again'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l fail-fast -d 'End everything at the first failure'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l dry-run -d 'Print what would be done, and do nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -l failed -d 'Do again what did not succeed in the latest run of this handover, and what needs it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -s j -l jobs -d 'How many stages run at once [default: the number of processors, at least 4]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -l key-file -d 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -l assume-dead -d 'What ran on another machine is dead: you have looked'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l by -d 'Who says so' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l reason -d 'Why' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -s j -l jobs -d 'How many stages run at once [default: the number of processors, at least 4]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l key-file -d 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -l no-resume -d 'Only record it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from override" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l by -d 'Who says so [default: you]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l reason -d 'Why' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -s j -l jobs -d 'How many stages run at once [default: the number of processors, at least 4]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l key-file -d 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -l no-resume -d 'Only record it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l by -d 'Who says so [default: you]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l reason -d 'Why' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -s j -l jobs -d 'How many stages run at once [default: the number of processors, at least 4]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l key-file -d 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -l no-resume -d 'Only record it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from reject" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l format -d 'As what' -r -f -a "mermaid\t'A flowchart, which `stage import` reads back'
dot\t'For Graphviz'
html\t'A page of its own: the graph, and the stages on a line of time'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l to -d 'Write it into this file, which must not exist; else to standard output' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -l to -d 'Write it into this file, which must not exist; else to standard output' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -l limit -d 'List at most so many' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand stage; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "range" -d 'Run jobs at each revision of a range, until each has so many runs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "backfill" -d 'Run a job between the bad revision and the last good one, where it has not run'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "fill" -d 'Run every job that a revision lacks'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "until-failure" -d 'Run a job at one revision until it fails'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "jobs" -d 'List the jobs that can run at a revision: the engine\'s, and those of ci-tool.yaml as it was there'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "revisions" -d 'List the revisions of a range, the oldest first'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "watch" -d 'Follow a session to its end, and end by its verdict'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "list" -d 'List the sessions, the latest first'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "cancel" -d 'Stop the runs of a session, and ask for no more'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "resolve" -d 'Say what became of a request whose answer was lost'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "status" -d 'Show how jobs stand at revisions: a line a revision, the oldest first, a column a job'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "hidden" -d 'List the jobs that run for nobody: those whose failures are not shown, and those that have failed for days'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and not __fish_seen_subcommand_from range backfill fill until-failure jobs revisions watch list cancel resolve status hidden artifacts" -f -a "artifacts" -d 'List the files that the runs of a revision made, or download them'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l back -d 'Also so many revisions before REV' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l delta -d 'Also so many revisions before and after REV' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l from -d 'Everything from this revision up to REV, both included' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l revisions-file -d 'The revisions named in this file, one a line; - is standard input' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l every -d 'Of so many revisions only one, the newest always' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l max-revisions -d 'At most so many revisions, the newest' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l slices -d 'So many revisions, evenly spaced, both ends among them' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l path -d 'Only revisions that changed this path or glob, from the top of the tree; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l job -d 'The job: one of `jobs:` in ci-tool.yaml, or the engine\'s own name for it; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l run -d 'Run this command on this machine, as a job of its own' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l param -d 'A parameter of the job; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l env -d 'A variable for the job; can be repeated. Its value stands in the session\'s journal: name no secret' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l times -d 'How many runs of each job a revision should have' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l budget -d 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l timeout -d 'Wait no longer than this, for example 90m; then end with 8' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l first-parent -d 'Follow only the first parent of a merge'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l wait -d 'Wait for the end and its verdict; on this machine always'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l new -d 'Begin anew, though the same command began a session that is not over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -l dry-run -d 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from range" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l job -d 'The job: one of `jobs:` in ci-tool.yaml, or the engine\'s own name for it; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l run -d 'Run this command on this machine, as a job of its own' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l param -d 'A parameter of the job; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l env -d 'A variable for the job; can be repeated. Its value stands in the session\'s journal: name no secret' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l times -d 'How many runs a revision should have' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l max-revisions -d 'Look back so many revisions at most, REV included' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l slices -d 'Only so many of the revisions between, evenly spaced' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l plus -d 'With --until-data: so many revisions more' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l path -d 'Only revisions that changed this path or glob; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l budget -d 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l timeout -d 'Wait no longer than this, for example 90m; then end with 8' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l until-data -d 'For measurements: REV and everything before it back to the last revision that has data'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l first-parent -d 'Follow only the first parent of a merge'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l wait -d 'Wait for the end and its verdict; on this machine always'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l new -d 'Begin anew, though the same command began a session that is not over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -l dry-run -d 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from backfill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l except -d 'Leave out the jobs whose names match this glob; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l times -d 'How many runs of each job the revision should have' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l budget -d 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l timeout -d 'Wait no longer than this, for example 90m; then end with 8' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l wait -d 'Wait for the end and its verdict; on this machine always'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l new -d 'Begin anew, though the same command began a session that is not over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -l dry-run -d 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from fill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l job -d 'The job: one of `jobs:` in ci-tool.yaml, or the engine\'s own name for it; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l run -d 'Run this command on this machine, as a job of its own' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l param -d 'A parameter of the job; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l env -d 'A variable for the job; can be repeated. Its value stands in the session\'s journal: name no secret' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l batch -d 'How many runs are asked for at once' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l max -d 'How many runs in all' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l budget -d 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l timeout -d 'Wait no longer than this, for example 90m; then end with 8' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l save -d 'Save the environment of the run that failed, as `repro save` does; another engine\'s job is told to by CI_TOOL_REPRO'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l wait -d 'Wait for the end and its verdict; on this machine always'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l new -d 'Begin anew, though the same command began a session that is not over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -l dry-run -d 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from until-failure" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l back -d 'Also so many revisions before REV' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l delta -d 'Also so many revisions before and after REV' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l from -d 'Everything from this revision up to REV, both included' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l revisions-file -d 'The revisions named in this file, one a line; - is standard input' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l every -d 'Of so many revisions only one, the newest always' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l max-revisions -d 'At most so many revisions, the newest' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l slices -d 'So many revisions, evenly spaced, both ends among them' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l path -d 'Only revisions that changed this path or glob, from the top of the tree; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l first-parent -d 'Follow only the first parent of a merge'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -l paths -d 'List the paths that each changed'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from revisions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -l timeout -d 'Wait no longer than this, then end with 8' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -l open -d 'Only those that are not over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Plan, check and report, but change nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l run -d 'It is this run, by the engine\'s id' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l resend -d 'It never arrived: send it again'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -l drop -d 'Leave it: it is not wanted any more'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l back -d 'Also so many revisions before REV' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l delta -d 'Also so many revisions before and after REV' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l from -d 'Everything from this revision up to REV, both included' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l revisions-file -d 'The revisions named in this file, one a line; - is standard input' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l every -d 'Of so many revisions only one, the newest always' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l max-revisions -d 'At most so many revisions, the newest' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l slices -d 'So many revisions, evenly spaced, both ends among them' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l path -d 'Only revisions that changed this path or glob, from the top of the tree; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l job -d 'Only this job, by its name in ci-tool.yaml or the engine\'s; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l first-parent -d 'Follow only the first parent of a merge'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -l exit-code -d 'End with 5 when some job failed'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l days -d 'For how many days a job has to have failed without passing once' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l at -d 'The revision whose jobs are looked at, where jobs are a matter of the revision' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -l exit-code -d 'End with 5 when there are such jobs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from hidden" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l job -d 'Only files of this job, by its name in ci-tool.yaml or the engine\'s; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l name -d 'Only files whose path, or its last part, matches; can be repeated' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l to -d 'Download them below this directory' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l engine -d 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l force -d 'Replace files that are there already'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -l dry-run -d 'Show where each would go, and write nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand trigger; and __fish_seen_subcommand_from artifacts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -f -a "check" -d 'Prove address, credentials and permissions of CI systems, and say what is missing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and not __fish_seen_subcommand_from check list" -f -a "list" -d 'List the CI systems of the configuration'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -l dry-run -d 'Do not remember the jobs for the next check'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand engine; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Print every setting and where it comes from'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -l store -d 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]' -r
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -l config -d 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]' -r -F
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -l output -d 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]' -r -f -a "table\t'Tables and text for people'
json\t'One JSON document'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -s q -l quiet -d 'Print results and errors only'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -s v -l verbose -d 'Say more: retries and requests; twice for more still'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "repro" -d 'Saves a failed job\'s environment and gives it back'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "route" -d 'Decides which queue a job runs on, and says why'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "stage" -d 'Runs release pipelines that can be split, skipped into, resumed and explained'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "trigger" -d 'Triggers jobs over revisions, backfills, reruns until they fail'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "engine" -d 'Lists the CI systems and proves that they can be used'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "config" -d 'Shows the configuration in force'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "completion" -d 'Print what a shell needs to complete ci-tool\'s command lines'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and not __fish_seen_subcommand_from repro route stage trigger engine config completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "save" -d 'Run a job and save its environment when it fails'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "list" -d 'List the captures there are, the latest first'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "show" -d 'Show who saved what, when, on which commit, how it failed, and what is in it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "files" -d 'List the files of a capture'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "get" -d 'Get one file or folder out of a capture'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "restore" -d 'Give a capture back: its files, and scripts that set the environment and rerun the failure'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "verify" -d 'Check that every byte of a capture is what was saved'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "diff" -d 'Tell two captures apart: job, machine, environment, tools, files'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "export" -d 'Write a capture into one archive, for people without ci-tool'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "extend" -d 'Keep a capture longer'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "decommission" -d 'Remove captures without a trace'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "stats" -d 'Show what the captures take in the store, and how much they share'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from repro" -f -a "gc" -d 'Remove what dead saves and removals left behind'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "explain" -d 'Show every rule, whether it matched, and why'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "batch" -d 'Decide a job a line: JSON in, JSON out'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "serve" -d 'Decide over HTTP: a service for pool providers, with metrics'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "test" -d 'Hold cases against the rules, and say what of the rules they cover'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "lint" -d 'Find what is wrong with the rules, or looks wrong'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "diff" -d 'Show which jobs of a recorded month would go elsewhere under other rules'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "audit" -d 'Find jobs that ran where they should not have'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "submit" -d 'Send a Helix job on the queue decided, with the properties that the decision used'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from route" -f -a "queues" -d 'List queues, show what each inherits from where, and write the twins that are missing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "plan" -d 'Show what a run would do: what runs, what does not and why, how long it takes; writes nothing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "prepare" -d 'Make and sign artifacts, and hand them over'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "validate" -d 'Check what was handed over, and publish it'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "resume" -d 'Go on with a run: what finished stays, what did not is done again'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "override" -d 'Go on although a stage failed, or had issues: recorded for ever after'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "approve" -d 'Say yes to an approval, and go on'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "reject" -d 'Say no to an approval, or to an offer to override'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "graph" -d 'Draw a pipeline, or a run as it stands'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "import" -d 'Make a pipeline file from a Mermaid drawing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "status" -d 'Show where a run stands, or list the latest runs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "explain" -d 'Say why a stage of a run is where it is'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from stage" -f -a "diff" -d 'Tell two runs apart: their files, and each stage\'s state, time, command and inputs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "range" -d 'Run jobs at each revision of a range, until each has so many runs'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "backfill" -d 'Run a job between the bad revision and the last good one, where it has not run'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "fill" -d 'Run every job that a revision lacks'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "until-failure" -d 'Run a job at one revision until it fails'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "jobs" -d 'List the jobs that can run at a revision: the engine\'s, and those of ci-tool.yaml as it was there'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "revisions" -d 'List the revisions of a range, the oldest first'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "watch" -d 'Follow a session to its end, and end by its verdict'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "list" -d 'List the sessions, the latest first'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "cancel" -d 'Stop the runs of a session, and ask for no more'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "resolve" -d 'Say what became of a request whose answer was lost'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "status" -d 'Show how jobs stand at revisions: a line a revision, the oldest first, a column a job'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "hidden" -d 'List the jobs that run for nobody: those whose failures are not shown, and those that have failed for days'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from trigger" -f -a "artifacts" -d 'List the files that the runs of a revision made, or download them'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from engine" -f -a "check" -d 'Prove address, credentials and permissions of CI systems, and say what is missing'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from engine" -f -a "list" -d 'List the CI systems of the configuration'
complete -c ci-tool -n "__fish_ci_tool_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Print every setting and where it comes from'
