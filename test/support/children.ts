import { readdirSync, readFileSync } from 'node:fs'

interface Entry {
  readonly pid: number
  readonly parent: number
  readonly name: string
}

function processes(): Entry[] {
  return readdirSync('/proc').flatMap(folder => {
    if (!/^\d+$/.test(folder)) return []
    try {
      // `pid (name) state parent …`; a name may have spaces and parentheses.
      const text = readFileSync(`/proc/${folder}/stat`, 'utf8')
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? []
      const [state, parent] = rest.split(' ')
      return state === 'Z' ? [] : [{ pid: Number(folder), parent: Number(parent), name }]
    } catch {
      return [] // it has just ended
    }
  })
}

/** Numbers of the processes below another one, at any depth, of a name or all; Linux only. */
export function descendants(pid: number, name?: string): number[] {
  const all = processes()
  const below = (parent: number): Entry[] =>
    all.filter(entry => entry.parent === parent).flatMap(entry => [entry, ...below(entry.pid)])
  return below(pid).flatMap(entry => (name === undefined || entry.name === name ? [entry.pid] : []))
}

/** Whether a process is still there. */
export function isAlive(pid: number): boolean {
  return processes().some(entry => entry.pid === pid)
}

/** Waits until a condition holds; gives up after `limitMs` and answers whether it does. */
export async function eventually(condition: () => boolean, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs
  while (!condition() && Date.now() < end) await new Promise(resolve => setTimeout(resolve, 50))
  return condition()
}
