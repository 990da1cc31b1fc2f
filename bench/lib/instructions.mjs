// Instructions that a process carries out, which what else the machine does hardly changes: where the kernel and the processor
// let `perf` count them. In virtual machines they mostly don't.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const EVENT = 'instructions:u'
let isCounted

/** Whether they can be counted here; tried once. */
export function canCountInstructions() {
  isCounted ??= countOf(spawnSync('perf', ['stat', '-x', ',', '-e', EVENT, 'true'], { encoding: 'utf8' }).stderr)
  return isCounted !== undefined && isCounted > 0
}

/**
 * A command that counts, and how its count is had when it has ended; the command itself where there is no counting.
 *
 * @param {string} command
 * @param {string[]} args
 */
export function counting(command, args) {
  if (!canCountInstructions()) return { command, args, instructions: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'cuemux-bench-'))
  const report = join(folder, 'report')
  return {
    command: 'perf',
    args: ['stat', '-x', ',', '-o', report, '-e', EVENT, '--', command, ...args],
    instructions: () => {
      try {
        return countOf(readFileSync(report, 'utf8'))
      } catch {
        return undefined
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

/** perf-stat(1), "CSV FORMAT": the value comes first, or `<not supported>`. */
function countOf(text) {
  const value = /^(\d+),/m.exec(text ?? '')?.[1]
  return value === undefined ? undefined : Number(value)
}
