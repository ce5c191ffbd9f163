
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'ci-tool' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'ci-tool'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'ci-tool' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('repro', 'repro', [CompletionResultType]::ParameterValue, 'Saves a failed job''s environment and gives it back')
            [CompletionResult]::new('route', 'route', [CompletionResultType]::ParameterValue, 'Decides which queue a job runs on, and says why')
            [CompletionResult]::new('stage', 'stage', [CompletionResultType]::ParameterValue, 'Runs release pipelines that can be split, skipped into, resumed and explained')
            [CompletionResult]::new('trigger', 'trigger', [CompletionResultType]::ParameterValue, 'Triggers jobs over revisions, backfills, reruns until they fail')
            [CompletionResult]::new('engine', 'engine', [CompletionResultType]::ParameterValue, 'Lists the CI systems and proves that they can be used')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Shows the configuration in force')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print what a shell needs to complete ci-tool''s command lines')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ci-tool;repro' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Run a job and save its environment when it fails')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the captures there are, the latest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show who saved what, when, on which commit, how it failed, and what is in it')
            [CompletionResult]::new('files', 'files', [CompletionResultType]::ParameterValue, 'List the files of a capture')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Get one file or folder out of a capture')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give a capture back: its files, and scripts that set the environment and rerun the failure')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that every byte of a capture is what was saved')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Tell two captures apart: job, machine, environment, tools, files')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write a capture into one archive, for people without ci-tool')
            [CompletionResult]::new('extend', 'extend', [CompletionResultType]::ParameterValue, 'Keep a capture longer')
            [CompletionResult]::new('decommission', 'decommission', [CompletionResultType]::ParameterValue, 'Remove captures without a trace')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show what the captures take in the store, and how much they share')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Remove what dead saves and removals left behind')
            break
        }
        'ci-tool;repro;save' {
            [CompletionResult]::new('--workspace', '--workspace', [CompletionResultType]::ParameterName, 'The job''s directory')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'The job''s name, if not the CI''s')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Who is to be asked about the capture, if not who started the job')
            [CompletionResult]::new('--also', '--also', [CompletionResultType]::ParameterName, 'A further directory to save; may be given again')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to store the files: chunks, or zip or 7z for people without ci-tool [default: chunks]')
            [CompletionResult]::new('--base', '--base', [CompletionResultType]::ParameterName, 'A capture of another job whose content need not be stored again (chunks); may be given again')
            [CompletionResult]::new('--keep-per-signature', '--keep-per-signature', [CompletionResultType]::ParameterName, 'How many captures of one failure to keep with their files, or all; a further one has only its log, unless the run was marked or --when is always [default: 3]')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'What not to save, in gitignore syntax; may be given again')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'How long to keep it, for example 36h or 14d')
            [CompletionResult]::new('--when', '--when', [CompletionResultType]::ParameterName, 'When to save: default failure where it is known whether the job failed, else always')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the command and all it started after this long, and save')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'A file with the job''s output, as a post step')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'The job''s exit code, as a post step; an empty one is unknown')
            [CompletionResult]::new('--failed-command', '--failed-command', [CompletionResultType]::ParameterName, 'The command that failed, as a post step')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;list' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only those whose owner''s name or address holds this')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Only those whose job matches this glob')
            [CompletionResult]::new('--commit', '--commit', [CompletionResultType]::ParameterName, 'Only those of the commit that begins so')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only those at least this old, for example 36h')
            [CompletionResult]::new('--newer-than', '--newer-than', [CompletionResultType]::ParameterName, 'Only those at most this old')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--expired', '--expired', [CompletionResultType]::ParameterName, 'Only those past their expiry')
            [CompletionResult]::new('--by-signature', '--by-signature', [CompletionResultType]::ParameterName, 'Count failures that repeat instead')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;show' {
            [CompletionResult]::new('--dump', '--dump', [CompletionResultType]::ParameterName, 'Print what this command of `repro.dump` said instead, by its name in the list of dumps')
            [CompletionResult]::new('--links', '--links', [CompletionResultType]::ParameterName, 'Print a download link to each of its objects instead, good for this long (Azure, at most 7d); whoever has it can read')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Print the job''s output instead')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;files' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;get' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Where to put it: a path, a folder, or - for standard output')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;restore' {
            [CompletionResult]::new('--into', '--into', [CompletionResultType]::ParameterName, 'A directory that is new or empty [default: repro-ID]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Take files that are the same in DIR, a checkout or another restored capture, instead of fetching them; may be given again')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Restore into a directory that is not empty: replace files that are in the way, touch nothing else')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Then rerun the command that failed, and end with its exit code')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Then open a shell there')
            [CompletionResult]::new('--same-path', '--same-path', [CompletionResultType]::ParameterName, 'Rerun, or with --shell open the shell, with the tree at the path it had (Linux)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;verify' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;diff' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;export' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The archive''s format [default: what the suffix of FILE says]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'The archive, .zip or .7z; must not exist')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;extend' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;decommission' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--expired', '--expired', [CompletionResultType]::ParameterName, 'All that are past their expiry')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;stats' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Only captures whose job matches this glob')
            [CompletionResult]::new('--largest', '--largest', [CompletionResultType]::ParameterName, 'How many of the largest captures to name')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;repro;gc' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]')
            [CompletionResult]::new('--branch', '--branch', [CompletionResultType]::ParameterName, 'The branch built, for example main or refs/heads/main')
            [CompletionResult]::new('--pr-target', '--pr-target', [CompletionResultType]::ParameterName, 'The branch that a pull request is for')
            [CompletionResult]::new('--repository', '--repository', [CompletionResultType]::ParameterName, 'The repository: OWNER/NAME, or its address')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …')
            [CompletionResult]::new('--job-url', '--job-url', [CompletionResultType]::ParameterName, 'Look the job''s variables up at this address; a job that cannot be looked up is not redirected')
            [CompletionResult]::new('--token-env', '--token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds the token for --job-url')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]')
            [CompletionResult]::new('--helix', '--helix', [CompletionResultType]::ParameterName, 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]')
            [CompletionResult]::new('--helix-token-env', '--helix-token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds Helix''s token, instead of HELIX_ACCESS_TOKEN')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show every rule, whether it matched, and why')
            [CompletionResult]::new('batch', 'batch', [CompletionResultType]::ParameterValue, 'Decide a job a line: JSON in, JSON out')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Decide over HTTP: a service for pool providers, with metrics')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Hold cases against the rules, and say what of the rules they cover')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Find what is wrong with the rules, or looks wrong')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show which jobs of a recorded month would go elsewhere under other rules')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Find jobs that ran where they should not have')
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Send a Helix job on the queue decided, with the properties that the decision used')
            [CompletionResult]::new('queues', 'queues', [CompletionResultType]::ParameterValue, 'List queues, show what each inherits from where, and write the twins that are missing')
            break
        }
        'ci-tool;route;explain' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]')
            [CompletionResult]::new('--branch', '--branch', [CompletionResultType]::ParameterName, 'The branch built, for example main or refs/heads/main')
            [CompletionResult]::new('--pr-target', '--pr-target', [CompletionResultType]::ParameterName, 'The branch that a pull request is for')
            [CompletionResult]::new('--repository', '--repository', [CompletionResultType]::ParameterName, 'The repository: OWNER/NAME, or its address')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …')
            [CompletionResult]::new('--job-url', '--job-url', [CompletionResultType]::ParameterName, 'Look the job''s variables up at this address; a job that cannot be looked up is not redirected')
            [CompletionResult]::new('--token-env', '--token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds the token for --job-url')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]')
            [CompletionResult]::new('--helix', '--helix', [CompletionResultType]::ParameterName, 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]')
            [CompletionResult]::new('--helix-token-env', '--helix-token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds Helix''s token, instead of HELIX_ACCESS_TOKEN')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;batch' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;serve' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen; port 0 is any that is free. Elsewhere than on this machine only with route.token_env and route.secret_env')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml')
            [CompletionResult]::new('--helix', '--helix', [CompletionResultType]::ParameterName, 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]')
            [CompletionResult]::new('--helix-token-env', '--helix-token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds Helix''s token, instead of HELIX_ACCESS_TOKEN')
            [CompletionResult]::new('--helix-job', '--helix-job', [CompletionResultType]::ParameterName, 'Send each job that is acquired to Helix: the file of a job that lacks only its queue')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up clients that are silent for so long, or take so long to send a request')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Batches at once, and acquire calls at once. More batches are told to come again, more calls are decided without a look-up, or told so where a job is to be sent')
            [CompletionResult]::new('--connections', '--connections', [CompletionResultType]::ParameterName, 'Connections at once; a process may often have no more than 1024 files open')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--early-accept', '--early-accept', [CompletionResultType]::ParameterName, 'Answer acquire calls first, and look the job up and send it afterwards; needs --helix-job')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;test' {
            [CompletionResult]::new('--coverage', '--coverage', [CompletionResultType]::ParameterName, 'How much of the rules the cases have to cover, in per cent')
            [CompletionResult]::new('--junit', '--junit', [CompletionResultType]::ParameterName, 'Also write a JUnit report')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;lint' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Let warnings count as errors do')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;diff' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'The jobs; - is standard input')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List every job that moves, instead of one example for each pair of queues')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'End with 5 when a job moves')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;audit' {
            [CompletionResult]::new('--usage', '--usage', [CompletionResultType]::ParameterName, 'Files of usage; - is standard input')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only jobs of the last so many days, for example 200d; all unless told')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Also write the number of findings for Prometheus''s textfile collector')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;submit' {
            [CompletionResult]::new('--idempotency-key', '--idempotency-key', [CompletionResultType]::ParameterName, 'The key that makes sending twice one job')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--helix', '--helix', [CompletionResultType]::ParameterName, 'The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]')
            [CompletionResult]::new('--helix-token-env', '--helix-token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds Helix''s token, instead of HELIX_ACCESS_TOKEN')
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]')
            [CompletionResult]::new('--branch', '--branch', [CompletionResultType]::ParameterName, 'The branch built, for example main or refs/heads/main')
            [CompletionResult]::new('--pr-target', '--pr-target', [CompletionResultType]::ParameterName, 'The branch that a pull request is for')
            [CompletionResult]::new('--repository', '--repository', [CompletionResultType]::ParameterName, 'The repository: OWNER/NAME, or its address')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …')
            [CompletionResult]::new('--job-url', '--job-url', [CompletionResultType]::ParameterName, 'Look the job''s variables up at this address; a job that cannot be looked up is not redirected')
            [CompletionResult]::new('--token-env', '--token-env', [CompletionResultType]::ParameterName, 'The environment variable that holds the token for --job-url')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Decide and show what would be sent, and send nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;queues' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the queues')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a queue with all that it inherits')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the twins that jobs need and that are missing')
            break
        }
        'ci-tool;route;queues;list' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;queues;show' {
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--why', '--why', [CompletionResultType]::ParameterName, 'Say of each field where it comes from, with file and line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;route;queues;generate' {
            [CompletionResult]::new('--suffix', '--suffix', [CompletionResultType]::ParameterName, 'The suffix of the twins, as a redirection in the rules has it')
            [CompletionResult]::new('--used-by', '--used-by', [CompletionResultType]::ParameterName, 'Files of usage; - is standard input')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only jobs of the last so many days, for example 200d; all unless told')
            [CompletionResult]::new('--checklist', '--checklist', [CompletionResultType]::ParameterName, 'Instead, write what is to be done for a new servicing branch, as Markdown')
            [CompletionResult]::new('--like', '--like', [CompletionResultType]::ParameterName, 'The branch whose jobs the new one will have')
            [CompletionResult]::new('--repository', '--repository', [CompletionResultType]::ParameterName, 'Only the jobs of this repository')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'The file of rules, instead of `route.rules` of ci-tool.yaml')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also those that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Show what a run would do: what runs, what does not and why, how long it takes; writes nothing')
            [CompletionResult]::new('prepare', 'prepare', [CompletionResultType]::ParameterValue, 'Make and sign artifacts, and hand them over')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check what was handed over, and publish it')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with a run: what finished stays, what did not is done again')
            [CompletionResult]::new('override', 'override', [CompletionResultType]::ParameterValue, 'Go on although a stage failed, or had issues: recorded for ever after')
            [CompletionResult]::new('approve', 'approve', [CompletionResultType]::ParameterValue, 'Say yes to an approval, and go on')
            [CompletionResult]::new('reject', 'reject', [CompletionResultType]::ParameterValue, 'Say no to an approval, or to an offer to override')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Draw a pipeline, or a run as it stands')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make a pipeline file from a Mermaid drawing')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show where a run stands, or list the latest runs')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say why a stage of a run is where it is')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Tell two runs apart: their files, and each stage''s state, time, command and inputs')
            break
        }
        'ci-tool;stage;plan' {
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Leave this stage out: what needs it goes on')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Do only this stage')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Do only this stage and what needs it')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Do only this stage and what it needs')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'Do what did not succeed in this run [default: the latest of the pipeline]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Publish to the containers of this profile; else to those that the pipeline names')
            [CompletionResult]::new('--substitute', '--substitute', [CompletionResultType]::ParameterName, 'Do something else instead of a stage''s work, for this run only')
            [CompletionResult]::new('--what-if', '--what-if', [CompletionResultType]::ParameterName, 'Tell also how long it would take without these stages; may be repeated')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Draw the plan instead')
            [CompletionResult]::new('--covers', '--covers', [CompletionResultType]::ParameterName, 'Instead, prove that this pipeline and those of --with hold every stage of OLD exactly once')
            [CompletionResult]::new('--with', '--with', [CompletionResultType]::ParameterName, 'A pipeline that runs after this one; may be repeated')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;prepare' {
            [CompletionResult]::new('--bar-build-id', '--bar-build-id', [CompletionResultType]::ParameterName, 'The build in the build asset registry')
            [CompletionResult]::new('--build-id', '--build-id', [CompletionResultType]::ParameterName, 'The build in the CI')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Leave this stage out: what needs it goes on')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Do only this stage')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Do only this stage and what needs it')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Do only this stage and what it needs')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Publish to the containers of this profile; else to those that the pipeline names')
            [CompletionResult]::new('--substitute', '--substitute', [CompletionResultType]::ParameterName, 'Do something else instead of a stage''s work, for this run only')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who leaves out what production stands on, or signs again')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--rerun', '--rerun', [CompletionResultType]::ParameterName, 'Do stages that are up to date all the same; what is signed is not signed again')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'End everything at the first failure')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done, and do nothing')
            [CompletionResult]::new('--resign', '--resign', [CompletionResultType]::ParameterName, 'Sign again what was signed from the same inputs: it will differ')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;validate' {
            [CompletionResult]::new('--bar-build-id', '--bar-build-id', [CompletionResultType]::ParameterName, 'The build in the build asset registry')
            [CompletionResult]::new('--build-id', '--build-id', [CompletionResultType]::ParameterName, 'The build in the CI')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Leave this stage out: what needs it goes on')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Do only this stage')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Do only this stage and what needs it')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Do only this stage and what it needs')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Publish to the containers of this profile; else to those that the pipeline names')
            [CompletionResult]::new('--substitute', '--substitute', [CompletionResultType]::ParameterName, 'Do something else instead of a stage''s work, for this run only')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who leaves out what production stands on, or signs again')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]')
            [CompletionResult]::new('--public-key-file', '--public-key-file', [CompletionResultType]::ParameterName, 'A PEM file with a public key: the handover must be attested by its owner; can be repeated [env: CI_TOOL_STAGE_PUBLIC_KEY]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--rerun', '--rerun', [CompletionResultType]::ParameterName, 'Do stages that are up to date all the same; what is signed is not signed again')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'End everything at the first failure')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done, and do nothing')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'Do again what did not succeed in the latest run of this handover, and what needs it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;resume' {
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--assume-dead', '--assume-dead', [CompletionResultType]::ParameterName, 'What ran on another machine is dead: you have looked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;override' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who says so')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--no-resume', '--no-resume', [CompletionResultType]::ParameterName, 'Only record it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;approve' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who says so [default: you]')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--no-resume', '--no-resume', [CompletionResultType]::ParameterName, 'Only record it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;reject' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who says so [default: you]')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many stages run at once [default: the number of processors, at least 4]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--no-resume', '--no-resume', [CompletionResultType]::ParameterName, 'Only record it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;graph' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'As what')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write it into this file, which must not exist; else to standard output')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;import' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write it into this file, which must not exist; else to standard output')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;status' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'List at most so many')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;explain' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;stage;diff' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('range', 'range', [CompletionResultType]::ParameterValue, 'Run jobs at each revision of a range, until each has so many runs')
            [CompletionResult]::new('backfill', 'backfill', [CompletionResultType]::ParameterValue, 'Run a job between the bad revision and the last good one, where it has not run')
            [CompletionResult]::new('fill', 'fill', [CompletionResultType]::ParameterValue, 'Run every job that a revision lacks')
            [CompletionResult]::new('until-failure', 'until-failure', [CompletionResultType]::ParameterValue, 'Run a job at one revision until it fails')
            [CompletionResult]::new('jobs', 'jobs', [CompletionResultType]::ParameterValue, 'List the jobs that can run at a revision: the engine''s, and those of ci-tool.yaml as it was there')
            [CompletionResult]::new('revisions', 'revisions', [CompletionResultType]::ParameterValue, 'List the revisions of a range, the oldest first')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Follow a session to its end, and end by its verdict')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sessions, the latest first')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Stop the runs of a session, and ask for no more')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Say what became of a request whose answer was lost')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how jobs stand at revisions: a line a revision, the oldest first, a column a job')
            [CompletionResult]::new('hidden', 'hidden', [CompletionResultType]::ParameterValue, 'List the jobs that run for nobody: those whose failures are not shown, and those that have failed for days')
            [CompletionResult]::new('artifacts', 'artifacts', [CompletionResultType]::ParameterValue, 'List the files that the runs of a revision made, or download them')
            break
        }
        'ci-tool;trigger;range' {
            [CompletionResult]::new('--back', '--back', [CompletionResultType]::ParameterName, 'Also so many revisions before REV')
            [CompletionResult]::new('--delta', '--delta', [CompletionResultType]::ParameterName, 'Also so many revisions before and after REV')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Everything from this revision up to REV, both included')
            [CompletionResult]::new('--revisions-file', '--revisions-file', [CompletionResultType]::ParameterName, 'The revisions named in this file, one a line; - is standard input')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Of so many revisions only one, the newest always')
            [CompletionResult]::new('--max-revisions', '--max-revisions', [CompletionResultType]::ParameterName, 'At most so many revisions, the newest')
            [CompletionResult]::new('--slices', '--slices', [CompletionResultType]::ParameterName, 'So many revisions, evenly spaced, both ends among them')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Only revisions that changed this path or glob, from the top of the tree; can be repeated')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'The job: one of `jobs:` in ci-tool.yaml, or the engine''s own name for it; can be repeated')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Run this command on this machine, as a job of its own')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the job; can be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'A variable for the job; can be repeated. Its value stands in the session''s journal: name no secret')
            [CompletionResult]::new('--times', '--times', [CompletionResultType]::ParameterName, 'How many runs of each job a revision should have')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--budget', '--budget', [CompletionResultType]::ParameterName, 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this, for example 90m; then end with 8')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--first-parent', '--first-parent', [CompletionResultType]::ParameterName, 'Follow only the first parent of a merge')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for the end and its verdict; on this machine always')
            [CompletionResult]::new('--new', '--new', [CompletionResultType]::ParameterName, 'Begin anew, though the same command began a session that is not over')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;backfill' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'The job: one of `jobs:` in ci-tool.yaml, or the engine''s own name for it; can be repeated')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Run this command on this machine, as a job of its own')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the job; can be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'A variable for the job; can be repeated. Its value stands in the session''s journal: name no secret')
            [CompletionResult]::new('--times', '--times', [CompletionResultType]::ParameterName, 'How many runs a revision should have')
            [CompletionResult]::new('--max-revisions', '--max-revisions', [CompletionResultType]::ParameterName, 'Look back so many revisions at most, REV included')
            [CompletionResult]::new('--slices', '--slices', [CompletionResultType]::ParameterName, 'Only so many of the revisions between, evenly spaced')
            [CompletionResult]::new('--plus', '--plus', [CompletionResultType]::ParameterName, 'With --until-data: so many revisions more')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Only revisions that changed this path or glob; can be repeated')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--budget', '--budget', [CompletionResultType]::ParameterName, 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this, for example 90m; then end with 8')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--until-data', '--until-data', [CompletionResultType]::ParameterName, 'For measurements: REV and everything before it back to the last revision that has data')
            [CompletionResult]::new('--first-parent', '--first-parent', [CompletionResultType]::ParameterName, 'Follow only the first parent of a merge')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for the end and its verdict; on this machine always')
            [CompletionResult]::new('--new', '--new', [CompletionResultType]::ParameterName, 'Begin anew, though the same command began a session that is not over')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;fill' {
            [CompletionResult]::new('--except', '--except', [CompletionResultType]::ParameterName, 'Leave out the jobs whose names match this glob; can be repeated')
            [CompletionResult]::new('--times', '--times', [CompletionResultType]::ParameterName, 'How many runs of each job the revision should have')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--budget', '--budget', [CompletionResultType]::ParameterName, 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this, for example 90m; then end with 8')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for the end and its verdict; on this machine always')
            [CompletionResult]::new('--new', '--new', [CompletionResultType]::ParameterName, 'Begin anew, though the same command began a session that is not over')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;until-failure' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'The job: one of `jobs:` in ci-tool.yaml, or the engine''s own name for it; can be repeated')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Run this command on this machine, as a job of its own')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the job; can be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'A variable for the job; can be repeated. Its value stands in the session''s journal: name no secret')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'How many runs are asked for at once')
            [CompletionResult]::new('--max', '--max', [CompletionResultType]::ParameterName, 'How many runs in all')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--budget', '--budget', [CompletionResultType]::ParameterName, 'How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this, for example 90m; then end with 8')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Save the environment of the run that failed, as `repro save` does; another engine''s job is told to by CI_TOOL_REPRO')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for the end and its verdict; on this machine always')
            [CompletionResult]::new('--new', '--new', [CompletionResultType]::ParameterName, 'Begin anew, though the same command began a session that is not over')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan: every run, what is passed over and why, what it will take; trigger nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;jobs' {
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;revisions' {
            [CompletionResult]::new('--back', '--back', [CompletionResultType]::ParameterName, 'Also so many revisions before REV')
            [CompletionResult]::new('--delta', '--delta', [CompletionResultType]::ParameterName, 'Also so many revisions before and after REV')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Everything from this revision up to REV, both included')
            [CompletionResult]::new('--revisions-file', '--revisions-file', [CompletionResultType]::ParameterName, 'The revisions named in this file, one a line; - is standard input')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Of so many revisions only one, the newest always')
            [CompletionResult]::new('--max-revisions', '--max-revisions', [CompletionResultType]::ParameterName, 'At most so many revisions, the newest')
            [CompletionResult]::new('--slices', '--slices', [CompletionResultType]::ParameterName, 'So many revisions, evenly spaced, both ends among them')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Only revisions that changed this path or glob, from the top of the tree; can be repeated')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--first-parent', '--first-parent', [CompletionResultType]::ParameterName, 'Follow only the first parent of a merge')
            [CompletionResult]::new('--paths', '--paths', [CompletionResultType]::ParameterName, 'List the paths that each changed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;watch' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this, then end with 8')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;list' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--open', '--open', [CompletionResultType]::ParameterName, 'Only those that are not over')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;cancel' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan, check and report, but change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;resolve' {
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'It is this run, by the engine''s id')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--resend', '--resend', [CompletionResultType]::ParameterName, 'It never arrived: send it again')
            [CompletionResult]::new('--drop', '--drop', [CompletionResultType]::ParameterName, 'Leave it: it is not wanted any more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;status' {
            [CompletionResult]::new('--back', '--back', [CompletionResultType]::ParameterName, 'Also so many revisions before REV')
            [CompletionResult]::new('--delta', '--delta', [CompletionResultType]::ParameterName, 'Also so many revisions before and after REV')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Everything from this revision up to REV, both included')
            [CompletionResult]::new('--revisions-file', '--revisions-file', [CompletionResultType]::ParameterName, 'The revisions named in this file, one a line; - is standard input')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Of so many revisions only one, the newest always')
            [CompletionResult]::new('--max-revisions', '--max-revisions', [CompletionResultType]::ParameterName, 'At most so many revisions, the newest')
            [CompletionResult]::new('--slices', '--slices', [CompletionResultType]::ParameterName, 'So many revisions, evenly spaced, both ends among them')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Only revisions that changed this path or glob, from the top of the tree; can be repeated')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Only this job, by its name in ci-tool.yaml or the engine''s; can be repeated')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--first-parent', '--first-parent', [CompletionResultType]::ParameterName, 'Follow only the first parent of a merge')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'End with 5 when some job failed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;hidden' {
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'For how many days a job has to have failed without passing once')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'The revision whose jobs are looked at, where jobs are a matter of the revision')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'End with 5 when there are such jobs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;trigger;artifacts' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Only files of this job, by its name in ci-tool.yaml or the engine''s; can be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Only files whose path, or its last part, matches; can be repeated')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Download them below this directory')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that are there already')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show where each would go, and write nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;engine' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Prove address, credentials and permissions of CI systems, and say what is missing')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the CI systems of the configuration')
            break
        }
        'ci-tool;engine;check' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Do not remember the jobs for the next check')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;engine;list' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;config' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print every setting and where it comes from')
            break
        }
        'ci-tool;config;show' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;completion' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container [env: CI_TOOL_STORE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print results and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: retries and requests; twice for more still')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ci-tool;help' {
            [CompletionResult]::new('repro', 'repro', [CompletionResultType]::ParameterValue, 'Saves a failed job''s environment and gives it back')
            [CompletionResult]::new('route', 'route', [CompletionResultType]::ParameterValue, 'Decides which queue a job runs on, and says why')
            [CompletionResult]::new('stage', 'stage', [CompletionResultType]::ParameterValue, 'Runs release pipelines that can be split, skipped into, resumed and explained')
            [CompletionResult]::new('trigger', 'trigger', [CompletionResultType]::ParameterValue, 'Triggers jobs over revisions, backfills, reruns until they fail')
            [CompletionResult]::new('engine', 'engine', [CompletionResultType]::ParameterValue, 'Lists the CI systems and proves that they can be used')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Shows the configuration in force')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print what a shell needs to complete ci-tool''s command lines')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ci-tool;help;repro' {
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Run a job and save its environment when it fails')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the captures there are, the latest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show who saved what, when, on which commit, how it failed, and what is in it')
            [CompletionResult]::new('files', 'files', [CompletionResultType]::ParameterValue, 'List the files of a capture')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Get one file or folder out of a capture')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give a capture back: its files, and scripts that set the environment and rerun the failure')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that every byte of a capture is what was saved')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Tell two captures apart: job, machine, environment, tools, files')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write a capture into one archive, for people without ci-tool')
            [CompletionResult]::new('extend', 'extend', [CompletionResultType]::ParameterValue, 'Keep a capture longer')
            [CompletionResult]::new('decommission', 'decommission', [CompletionResultType]::ParameterValue, 'Remove captures without a trace')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show what the captures take in the store, and how much they share')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Remove what dead saves and removals left behind')
            break
        }
        'ci-tool;help;repro;save' {
            break
        }
        'ci-tool;help;repro;list' {
            break
        }
        'ci-tool;help;repro;show' {
            break
        }
        'ci-tool;help;repro;files' {
            break
        }
        'ci-tool;help;repro;get' {
            break
        }
        'ci-tool;help;repro;restore' {
            break
        }
        'ci-tool;help;repro;verify' {
            break
        }
        'ci-tool;help;repro;diff' {
            break
        }
        'ci-tool;help;repro;export' {
            break
        }
        'ci-tool;help;repro;extend' {
            break
        }
        'ci-tool;help;repro;decommission' {
            break
        }
        'ci-tool;help;repro;stats' {
            break
        }
        'ci-tool;help;repro;gc' {
            break
        }
        'ci-tool;help;route' {
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show every rule, whether it matched, and why')
            [CompletionResult]::new('batch', 'batch', [CompletionResultType]::ParameterValue, 'Decide a job a line: JSON in, JSON out')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Decide over HTTP: a service for pool providers, with metrics')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Hold cases against the rules, and say what of the rules they cover')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Find what is wrong with the rules, or looks wrong')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show which jobs of a recorded month would go elsewhere under other rules')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Find jobs that ran where they should not have')
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Send a Helix job on the queue decided, with the properties that the decision used')
            [CompletionResult]::new('queues', 'queues', [CompletionResultType]::ParameterValue, 'List queues, show what each inherits from where, and write the twins that are missing')
            break
        }
        'ci-tool;help;route;explain' {
            break
        }
        'ci-tool;help;route;batch' {
            break
        }
        'ci-tool;help;route;serve' {
            break
        }
        'ci-tool;help;route;test' {
            break
        }
        'ci-tool;help;route;lint' {
            break
        }
        'ci-tool;help;route;diff' {
            break
        }
        'ci-tool;help;route;audit' {
            break
        }
        'ci-tool;help;route;submit' {
            break
        }
        'ci-tool;help;route;queues' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the queues')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a queue with all that it inherits')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the twins that jobs need and that are missing')
            break
        }
        'ci-tool;help;route;queues;list' {
            break
        }
        'ci-tool;help;route;queues;show' {
            break
        }
        'ci-tool;help;route;queues;generate' {
            break
        }
        'ci-tool;help;stage' {
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Show what a run would do: what runs, what does not and why, how long it takes; writes nothing')
            [CompletionResult]::new('prepare', 'prepare', [CompletionResultType]::ParameterValue, 'Make and sign artifacts, and hand them over')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check what was handed over, and publish it')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with a run: what finished stays, what did not is done again')
            [CompletionResult]::new('override', 'override', [CompletionResultType]::ParameterValue, 'Go on although a stage failed, or had issues: recorded for ever after')
            [CompletionResult]::new('approve', 'approve', [CompletionResultType]::ParameterValue, 'Say yes to an approval, and go on')
            [CompletionResult]::new('reject', 'reject', [CompletionResultType]::ParameterValue, 'Say no to an approval, or to an offer to override')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Draw a pipeline, or a run as it stands')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make a pipeline file from a Mermaid drawing')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show where a run stands, or list the latest runs')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say why a stage of a run is where it is')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Tell two runs apart: their files, and each stage''s state, time, command and inputs')
            break
        }
        'ci-tool;help;stage;plan' {
            break
        }
        'ci-tool;help;stage;prepare' {
            break
        }
        'ci-tool;help;stage;validate' {
            break
        }
        'ci-tool;help;stage;resume' {
            break
        }
        'ci-tool;help;stage;override' {
            break
        }
        'ci-tool;help;stage;approve' {
            break
        }
        'ci-tool;help;stage;reject' {
            break
        }
        'ci-tool;help;stage;graph' {
            break
        }
        'ci-tool;help;stage;import' {
            break
        }
        'ci-tool;help;stage;status' {
            break
        }
        'ci-tool;help;stage;explain' {
            break
        }
        'ci-tool;help;stage;diff' {
            break
        }
        'ci-tool;help;trigger' {
            [CompletionResult]::new('range', 'range', [CompletionResultType]::ParameterValue, 'Run jobs at each revision of a range, until each has so many runs')
            [CompletionResult]::new('backfill', 'backfill', [CompletionResultType]::ParameterValue, 'Run a job between the bad revision and the last good one, where it has not run')
            [CompletionResult]::new('fill', 'fill', [CompletionResultType]::ParameterValue, 'Run every job that a revision lacks')
            [CompletionResult]::new('until-failure', 'until-failure', [CompletionResultType]::ParameterValue, 'Run a job at one revision until it fails')
            [CompletionResult]::new('jobs', 'jobs', [CompletionResultType]::ParameterValue, 'List the jobs that can run at a revision: the engine''s, and those of ci-tool.yaml as it was there')
            [CompletionResult]::new('revisions', 'revisions', [CompletionResultType]::ParameterValue, 'List the revisions of a range, the oldest first')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Follow a session to its end, and end by its verdict')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sessions, the latest first')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Stop the runs of a session, and ask for no more')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Say what became of a request whose answer was lost')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how jobs stand at revisions: a line a revision, the oldest first, a column a job')
            [CompletionResult]::new('hidden', 'hidden', [CompletionResultType]::ParameterValue, 'List the jobs that run for nobody: those whose failures are not shown, and those that have failed for days')
            [CompletionResult]::new('artifacts', 'artifacts', [CompletionResultType]::ParameterValue, 'List the files that the runs of a revision made, or download them')
            break
        }
        'ci-tool;help;trigger;range' {
            break
        }
        'ci-tool;help;trigger;backfill' {
            break
        }
        'ci-tool;help;trigger;fill' {
            break
        }
        'ci-tool;help;trigger;until-failure' {
            break
        }
        'ci-tool;help;trigger;jobs' {
            break
        }
        'ci-tool;help;trigger;revisions' {
            break
        }
        'ci-tool;help;trigger;watch' {
            break
        }
        'ci-tool;help;trigger;list' {
            break
        }
        'ci-tool;help;trigger;cancel' {
            break
        }
        'ci-tool;help;trigger;resolve' {
            break
        }
        'ci-tool;help;trigger;status' {
            break
        }
        'ci-tool;help;trigger;hidden' {
            break
        }
        'ci-tool;help;trigger;artifacts' {
            break
        }
        'ci-tool;help;engine' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Prove address, credentials and permissions of CI systems, and say what is missing')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the CI systems of the configuration')
            break
        }
        'ci-tool;help;engine;check' {
            break
        }
        'ci-tool;help;engine;list' {
            break
        }
        'ci-tool;help;config' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print every setting and where it comes from')
            break
        }
        'ci-tool;help;config;show' {
            break
        }
        'ci-tool;help;completion' {
            break
        }
        'ci-tool;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
