import type { ParseArgsConfig } from 'node:util'
import { parseArgs } from 'node:util'

/** The command line itself is wrong: an unknown command or option, or a missing argument. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** One option of a command: how it is parsed, and what `--help` says. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  /** May be given more than once. */
  readonly multiple?: boolean
  /** What stands for the value in the help, as `S`. */
  readonly value?: string
  readonly help: string
}

/** One command: its line, its arguments and its options. */
export interface CommandSpec {
  readonly name: string
  /** Positional arguments as shown: `INPUT OUT_DIR`. */
  readonly positionals: string
  readonly minPositionals: number
  readonly maxPositionals: number
  readonly summary: string
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly examples: readonly string[]
}

/** A parsed command line: the values are still as typed, checked by the command's schema later. */
export interface ParsedArguments {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
}

/** Options that every command takes. */
const COMMON: Readonly<Record<string, OptionSpec>> = {
  json: { type: 'boolean', help: 'write JSON for machines to stdout' },
  help: { type: 'boolean', help: 'show this help' },
}

/**
 * Splits a command's arguments.
 *
 * @throws UsageError with one line that names the option or argument that is wrong
 */
export function parseCommandLine(spec: CommandSpec, args: readonly string[]): ParsedArguments {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, option] of Object.entries({ ...spec.options, ...COMMON })) {
    options[name] = {
      type: option.type,
      multiple: option.multiple ?? false,
      ...(name === 'help' ? { short: 'h' } : {}),
    }
  }
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // Node's messages go on with advice in further sentences.
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/)
    throw new UsageError(`${sentence?.replace(/\.$/, '')}. ${seeHelp(spec)}`)
  }
  const { positionals } = parsed
  const values: ParsedArguments['values'] = { ...parsed.values }
  if (values.help === true) return { positionals, values }
  if (positionals.length < spec.minPositionals) {
    throw new UsageError(`cuemux ${spec.name} needs ${spec.positionals}. ${seeHelp(spec)}`)
  }
  if (positionals.length > spec.maxPositionals) {
    throw new UsageError(`One argument too many: '${positionals[spec.maxPositionals]}'. ${seeHelp(spec)}`)
  }
  return { positionals, values }
}

function seeHelp(spec: CommandSpec): string {
  return `See: cuemux ${spec.name} --help`
}

/** What `cuemux COMMAND --help` shows. */
export function commandHelp(spec: CommandSpec): string {
  const rows = Object.entries({ ...spec.options, ...COMMON }).map(([name, option]): [string, string] => [
    `--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    option.help,
  ])
  const sections = [
    `cuemux ${spec.name} ${spec.positionals}`,
    `  ${spec.summary}`,
    '',
    'Options:',
    ...columns(rows),
    '',
    'Examples:',
    ...spec.examples.map(example => `  ${example}`),
  ]
  return `${sections.join('\n')}\n`
}

/** What `cuemux --help` shows. */
export function overviewHelp(specs: readonly CommandSpec[]): string {
  const rows = specs.map((spec): [string, string] => [`${spec.name} ${spec.positionals}`, spec.summary])
  const sections = [
    'cuemux: plays any video file anywhere, at once, from where it lies.',
    '',
    'Commands:',
    ...columns(rows),
    '',
    'Every command takes --json and --help; cuemux --version shows the version.',
    'INPUT is a file or an http(s) URL.',
  ]
  return `${sections.join('\n')}\n`
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
