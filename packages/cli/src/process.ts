import { constants } from 'node:os'
import type { Io } from './io.js'
import { outputError } from './output-file.js'
import { describeFailure, run } from './run.js'

/** Commands whose work isn't what they say of it: they do it also when nobody listens any more. */
const WORK_ON: ReadonlySet<string> = new Set(['hls', 'ladder', 'preview', 'serve'])

/**
 * Runs the command of this process's arguments: connects {@link run} with its streams, signals and exit code. The
 * first SIGINT or SIGTERM asks the command to end, the second one ends the process. No error leaves as a stack trace.
 */
export async function start(): Promise<void> {
  const abort = new AbortController()
  const io: Io = {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: abort.signal,
    loadCuemux: () => import('cuemux'),
  }
  let stoppedBy: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppedBy !== undefined) process.exit(128 + constants.signals[signal])
    stoppedBy = signal
    abort.abort()
  }
  const fail = (error: unknown): void => {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exit(1)
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  process.on('uncaughtException', fail).on('unhandledRejection', fail)
  const args = process.argv.slice(2)
  // The reader of our output has what it wants (as in `| head`): that is no failure.
  const onPipeError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') fail(outputError('to stdout', error))
    else if (!WORK_ON.has(args[0] ?? '')) process.exit(0)
  }
  process.stdout.on('error', onPipeError)
  process.stderr.on('error', onPipeError)

  const code = await run(args, io)
  process.exitCode = stoppedBy !== undefined && code !== 0 ? 128 + constants.signals[stoppedBy] : code
  process.off('SIGINT', stop).off('SIGTERM', stop)
}
