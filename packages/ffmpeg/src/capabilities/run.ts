import { type ExecFileException, execFile } from 'node:child_process'
import { CuemuxError } from '@cuemux/core'

/** A short question to a program. */
export interface Question {
  readonly binary: string
  readonly arguments: readonly string[]
  /** What the program reads; nothing where absent. */
  readonly input?: Uint8Array
  /** Milliseconds until it is killed. */
  readonly timeoutMs: number
}

/** What came of it. */
export interface Answer {
  readonly ok: boolean
  readonly isTimeout: boolean
  readonly stdout: string
  readonly stderr: string
}

/** The longest listing is 40 KiB. */
const MAX_OUTPUT_BYTES = 1024 * 1024

/**
 * Runs a program to its end, or kills it: at its bound, or when it writes more than 1 MiB. No shell.
 *
 * @throws CuemuxError `ENCODER_MISSING` where the program can't be started
 */
export function ask(question: Question): Promise<Answer> {
  const { binary, input, timeoutMs } = question
  const options = {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    encoding: 'utf8',
    windowsHide: true,
  } as const
  return new Promise((resolve, reject) => {
    const child = execFile(binary, [...question.arguments], options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === 'string' && error.syscall?.startsWith('spawn')) {
        reject(new CuemuxError('ENCODER_MISSING', `${binary} can't be started: ${error.code}.`, { cause: error }))
        return
      }
      resolve({ ok: error === null, isTimeout: wasKilled(error), stdout, stderr })
    })
    // A program that doesn't read its input to the end closes the pipe: that is in its exit status.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

function wasKilled(error: ExecFileException | null): boolean {
  return error?.killed === true && error.code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
}

/** Runs tasks a few at a time; results in the tasks' order. */
export async function inParallel<T>(tasks: readonly (() => Promise<T>)[], width: number): Promise<readonly T[]> {
  const results: T[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < tasks.length) {
      const index = next++
      results[index] = await tasks[index]!()
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, tasks.length) }, work))
  return results
}
