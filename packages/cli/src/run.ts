import { CuemuxError } from '@cuemux/core'
import type { Io } from './io.js'
import { write, writeJson } from './io.js'
import { COMMANDS } from './specs.js'
import type { ParsedArguments } from './usage.js'
import { commandHelp, overviewHelp, parseCommandLine, UsageError } from './usage.js'

/** A command's work: resolves when it is done, rejects with UsageError or CuemuxError. */
type Command = (parsed: ParsedArguments, io: Io) => Promise<void>

/** Loaded when asked for: no command pays for another's imports. */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  probe: async () => (await import('./commands/probe.js')).probe,
  hls: async () => (await import('./commands/hls.js')).hls,
  serve: async () => (await import('./commands/serve.js')).serve,
  ladder: async () => (await import('./commands/ladder.js')).ladder,
  remux: async () => (await import('./commands/remux.js')).remux,
  preview: async () => (await import('./commands/preview.js')).preview,
  inspect: async () => (await import('./commands/inspect.js')).inspect,
  doctor: async () => (await import('./commands/doctor.js')).doctor,
}

/**
 * Runs one command line.
 *
 * @param args the arguments after the program's name
 * @returns the exit code: 0, 1 for a failure, 2 for a wrong command line. Never rejects.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    await dispatch(args, io)
    return 0
  } catch (error) {
    // `remux INPUT -` has the film on stdout: nothing else may be written there.
    if (args.includes('--json') && !args.includes('-')) await writeJson(io.stdout, { error: failureToJson(error) })
    io.stderr.write(`${describeFailure(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<void> {
  const [name, ...rest] = args
  if (name === undefined) throw new UsageError('No command. See: cuemux --help')
  if (name === '--help' || name === '-h' || name === 'help') return write(io.stdout, overviewHelp(COMMANDS))
  if (name === '--version' || name === '-v') {
    const { readVersion } = await import('./version.js')
    return write(io.stdout, `${await readVersion()}\n`)
  }
  const spec = COMMANDS.find(candidate => candidate.name === name)
  const load = LOADERS[name]
  if (spec === undefined || load === undefined) {
    throw new UsageError(`Unknown ${name.startsWith('-') ? 'option' : 'command'} '${name}'. See: cuemux --help`)
  }
  const parsed = parseCommandLine(spec, rest)
  if (parsed.values.help === true) return write(io.stdout, commandHelp(spec))
  const command = await load()
  await command(parsed, io)
}

/** A failure as one line for people. */
export function describeFailure(error: unknown): string {
  if (error instanceof CuemuxError) return `cuemux: ${printable(error.describe())}`
  const reason = error instanceof Error ? error.message : String(error)
  const line = printable(reason.replace(/\s*\n\s*/g, ' '))
  return error instanceof UsageError ? `cuemux: ${line}` : `cuemux: Unexpected failure: ${line}`
}

function failureToJson(error: unknown): object {
  if (error instanceof CuemuxError) {
    return { code: error.code, message: error.message, hint: error.hint, at: error.at }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: error instanceof UsageError ? 'BAD_REQUEST' : 'UNEXPECTED', message }
}

/** Text out of a film, safe for a terminal: control characters could move the cursor or change the window's title. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\u{fffd}')
}
