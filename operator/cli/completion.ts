import { ownEntry } from '../api/own-entry.ts';
import { catalogue } from '../catalogue/controls/catalogue.ts';
import { detections } from '../catalogue/detections/detections.ts';
import { frameworkVersions } from '../catalogue/frameworks/framework.ts';
import { severityOrder } from '../catalogue/controls/severity.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { outputNames } from './input/scan-arguments.ts';
import { exitCodes, parseFlags, UsageError } from './input/usage-error.ts';

const commands = ['scan', 'test', 'except', 'approve', 'who-can', 'controls', 'explain', 'audit-replay', 'audit-setup', 'completion'];
const words = {
  verbs: 'get list watch create update patch delete deletecollection bind escalate impersonate approve use',
  whoCan: '--namespace --name --cluster --context --output --help',
  controls: catalogue.map(({ id }) => id).join(' '),
  entries: [...catalogue, ...detections].map(({ id }) => id).join(' '),
  frameworks: frameworkVersions()
    .map(({ name }) => name)
    .join(' '),
  severities: severityOrder.join(' '),
  outputs: outputNames.join(' '),
  scan: '--policy --framework --control --param --fail-on --passing --output --cluster --context --namespace --kubernetes-version --exceptions --no-exceptions --baseline --write-baseline --help',
};

const bash = `# vigil completion bash: add to ~/.bashrc: source <(vigil completion bash)
_vigil() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W "${commands.join(' ')}" -- "$word")); return; fi
  case "$before" in
    --control) COMPREPLY=($(compgen -W "${words.controls}" -- "$word")); return ;;
    explain) COMPREPLY=($(compgen -W "${words.entries}" -- "$word")); return ;;
    who-can) COMPREPLY=($(compgen -W "${words.verbs}" -- "$word")); return ;;
    --framework) COMPREPLY=($(compgen -W "${words.frameworks}" -- "$word")); return ;;
    --fail-on) COMPREPLY=($(compgen -W "${words.severities}" -- "$word")); return ;;
    -o|--output) COMPREPLY=($(compgen -W "${words.outputs} text" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
  esac
  case "$command:$word" in
    scan:-*) COMPREPLY=($(compgen -W "${words.scan}" -- "$word")); return ;;
    test:-*) COMPREPLY=($(compgen -W "--run --output --help" -- "$word")); return ;;
    controls:-*) COMPREPLY=($(compgen -W "--framework --essential --map --output --help" -- "$word")); return ;;
    approve:-*) COMPREPLY=($(compgen -W "--reference --reviewed-by --until --name --help" -- "$word")); return ;;
    who-can:-*) COMPREPLY=($(compgen -W "${words.whoCan}" -- "$word")); return ;;
    except:-*) COMPREPLY=($(compgen -W "--reason --until --namespace --policy --container --name --help" -- "$word")); return ;;
    audit-replay:-*) COMPREPLY=($(compgen -W "--learn --baseline --write-baseline --learning-period --output --help" -- "$word")); return ;;
    audit-setup:-*) COMPREPLY=($(compgen -W "--server --name --namespace --directory --help" -- "$word")); return ;;
    except:*) COMPREPLY=($(compgen -W "${words.controls}" -- "$word")); return ;;
    explain:*) COMPREPLY=($(compgen -W "${words.entries}" -- "$word")); return ;;
  esac
  COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _vigil vigil
`;

const zsh = `#compdef vigil
# vigil completion zsh: put into a file _vigil in a folder of $fpath
_vigil() {
  if (( CURRENT == 2 )); then compadd ${commands.join(' ')}; return; fi
  case "$words[CURRENT-1]" in
    --control) compadd ${words.controls} ;;
    explain) compadd ${words.entries} ;;
    who-can) compadd ${words.verbs} ;;
    --framework) compadd ${words.frameworks} ;;
    --fail-on) compadd ${words.severities} ;;
    -o|--output) compadd ${words.outputs} text ;;
    completion) compadd bash zsh fish ;;
    *) if [[ "$words[CURRENT]" == -* && "$words[2]" == scan ]]; then compadd -- ${words.scan}; elif [[ "$words[CURRENT]" == -* && "$words[2]" == who-can ]]; then compadd -- ${words.whoCan}; else _files; fi ;;
  esac
}
compdef _vigil vigil
`;

const fish = `# vigil completion fish: vigil completion fish > ~/.config/fish/completions/vigil.fish
complete -c vigil -n __fish_use_subcommand -f -a '${commands.join(' ')}'
complete -c vigil -n '__fish_seen_subcommand_from except' -f -a '${words.controls}'
complete -c vigil -n '__fish_seen_subcommand_from explain' -f -a '${words.entries}'
complete -c vigil -n '__fish_seen_subcommand_from who-can' -a '${words.verbs}'
complete -c vigil -n '__fish_seen_subcommand_from who-can' -l name -x
complete -c vigil -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
complete -c vigil -l control -x -a '${words.controls}'
complete -c vigil -l framework -x -a '${words.frameworks}'
complete -c vigil -l fail-on -x -a '${words.severities}'
complete -c vigil -s o -l output -x -a '${words.outputs} text'
complete -c vigil -l policy -r
complete -c vigil -l param -x
complete -c vigil -l exceptions -r
complete -c vigil -l no-exceptions
complete -c vigil -l baseline -r
complete -c vigil -l write-baseline -r
complete -c vigil -l passing
complete -c vigil -l cluster
complete -c vigil -l context -x
complete -c vigil -s n -l namespace -x
complete -c vigil -l kubernetes-version -x
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

const usage = 'vigil completion bash|zsh|fish prints a completion script for the shell.\n';

function parse(args: readonly string[]): { readonly help: boolean | undefined; readonly shell: string | undefined } {
  const { values, positionals } = parseFlags(args, { allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });
  return { help: values.help, shell: positionals[0] };
}

function complete({ shell }: ReturnType<typeof parse>, io: Io): number {
  if (shell === undefined) throw new UsageError('name a shell: bash, zsh or fish');
  const script = ownEntry(scripts, shell);
  if (script === undefined) throw new UsageError(`'${shell}' is not one of bash, zsh, fish`);
  io.out(script);
  return exitCodes.clean;
}

/** Runs `vigil completion`: prints a script that completes commands, flags and ids in a shell. Resolves to the exit code. */
export const run = cliCommand({ name: 'completion', usage, parse, run: complete });
