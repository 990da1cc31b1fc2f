import { readFile } from 'node:fs/promises'

/** Linux counts processors' time in hundredths of a second for everybody (USER_HZ). */
const TICKS_PER_SECOND = 100

/** CPU time of processes that are running, s; `undefined` where the system doesn't tell. */
export async function cpuSecondsOf(pids: readonly number[]): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const times = await Promise.all(pids.map(cpuTicks))
  return times.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND
}

/** proc(5), fields 14 and 15 of stat; none of a process that has ended. */
async function cpuTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return user + system
}
