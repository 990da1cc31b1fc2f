import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'

/** A process, told apart from a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in the system's own words; `''` where the system doesn't tell. */
  readonly started: string
}

/** Says which process this is, and which there are; tests give their own. */
export interface Processes {
  self(): Promise<ProcessIdentity>
  isAlive(identity: ProcessIdentity): Promise<boolean>
}

/** The processes of this machine. */
export const machineProcesses: Processes = {
  self: async () => ({ pid: process.pid, started: await startOf(process.pid) }),
  isAlive: async ({ pid, started }) => {
    try {
      process.kill(pid, 0)
    } catch (error) {
      // One of another user can't be signalled, but it is there.
      if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
    }
    const now = await startOf(pid)
    return started === '' || now === '' || now === started
  },
}

/** A lock that is held. */
export interface FolderLock {
  release(): Promise<void>
}

interface LockFile {
  readonly generation: number
  readonly holder: ProcessIdentity | undefined
}

const ATTEMPTS = 5

/**
 * Takes a folder for this process. A lock is a file `lock.N` that names its holder; whoever finds the holder dead takes
 * N + 1, which only one can, as linking a file to a name that is there fails.
 *
 * @throws CuemuxError `CAPACITY` where another process holds it
 */
export async function lockFolder(folder: string, processes: Processes = machineProcesses): Promise<FolderLock> {
  const self = await processes.self()
  const token = JSON.stringify({ ...self, token: randomUUID() })
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await locksOf(folder)
    await refuseLiving(folder, before, processes)
    const generation = Math.max(-1, ...before.map(lock => lock.generation)) + 1
    const file = path.join(folder, `lock.${generation}`)
    if (!(await linkNew(folder, file, token))) continue
    // Two may take different generations when a third one lets go in between: whoever sees a later one leaves.
    const after = await locksOf(folder)
    if (after.some(lock => lock.generation > generation)) {
      await remove(file)
      continue
    }
    for (const lock of after) {
      if (lock.generation < generation) await remove(path.join(folder, `lock.${lock.generation}`))
    }
    return {
      release: async () => {
        if ((await readFile(file, 'utf8').catch(() => '')) === token) await remove(file)
      },
    }
  }
  throw inUse(folder)
}

async function refuseLiving(folder: string, locks: readonly LockFile[], processes: Processes): Promise<void> {
  for (const { holder } of locks)
    if (holder !== undefined && (await processes.isAlive(holder))) throw inUse(folder, holder)
}

function inUse(folder: string, holder?: ProcessIdentity): CuemuxError {
  const who = holder === undefined ? 'Another process' : `Process ${holder.pid}`
  return new CuemuxError('CAPACITY', `${who} uses the sessions in ${folder}.`, {
    hint: 'End it, or choose another folder.',
  })
}

/** Makes a finished file under a name that must be free; whether it was. */
async function linkNew(folder: string, file: string, text: string): Promise<boolean> {
  const temporary = path.join(folder, `lock-${randomUUID()}.tmp`)
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
  try {
    await link(temporary, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await remove(temporary)
  }
}

async function locksOf(folder: string): Promise<LockFile[]> {
  const locks: LockFile[] = []
  for (const name of await readdir(folder)) {
    const [, digits] = /^lock\.(\d{1,15})$/.exec(name) ?? []
    if (digits === undefined) continue
    const text = await readFile(path.join(folder, name), 'utf8').catch(() => undefined)
    if (text !== undefined) locks.push({ generation: Number(digits), holder: parseHolder(text) })
  }
  return locks
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
  } catch {
    return undefined // nobody's
  }
}

/** The boot and the tick at which a process started (proc(5), field 22 of stat); `''` where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // Behind the name, which may have spaces and parentheses, the first field is the third.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks === undefined ? '' : `${boot.trim()} ${ticks}`
  } catch {
    return ''
  }
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch(() => {})
}
