import { spawn } from 'node:child_process'

/** What a finished child process left. */
export interface Finished {
  /** Exit code; `null` when a signal ended it. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** Settings of {@link runProgram}. */
export interface RunSettings {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** The process is killed after this time, ms. */
  readonly timeoutMs?: number
}

/** Runs a program to its end and keeps what it printed; rejects only when it can't be started. */
export function runProgram(program: string, args: readonly string[], settings: RunSettings = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(settings.cwd === undefined ? {} : { cwd: settings.cwd }),
      ...(settings.env === undefined ? {} : { env: settings.env }),
      ...(settings.timeoutMs === undefined ? {} : { timeout: settings.timeoutMs, killSignal: 'SIGKILL' as const }),
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }))
  })
}

/** Runs a program that must succeed. */
export async function runOrThrow(program: string, args: readonly string[], settings?: RunSettings): Promise<Finished> {
  const finished = await runProgram(program, args, settings)
  if (finished.code !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${finished.code}\n${finished.stderr}`)
  return finished
}
