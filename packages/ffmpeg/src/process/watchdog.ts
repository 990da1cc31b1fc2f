import { type ChildProcess, spawn } from 'node:child_process'
import { releaseLoop } from './loop.js'

/**
 * Waits for the end of its stdin, which comes when the process that holds the other end dies, however it dies; gives
 * the children two seconds to notice by themselves (their pipes are closed by then) and kills those that are left.
 * A constant text: nothing of a user's is ever in it.
 */
const SCRIPT = `trap '' INT TERM HUP
pids=
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) pids="$pids $pid" ;;
    -*) next=
        for p in $pids; do [ "$p" = "$pid" ] || next="$next $p"; done
        pids=$next ;;
  esac
done
[ -n "$pids" ] || exit 0
sleep 2
for p in $pids; do kill -9 "$p" 2>/dev/null; done`

/**
 * Ends children that outlive us: one tiny process beside them that knows their numbers. A child that reads our pipe or
 * writes to it ends by itself when we die; this is for the one that hangs. Where there is no `/bin/sh` it does nothing.
 */
export class Watchdog {
  #child: ChildProcess | undefined
  readonly #pids = new Set<number>()
  #isUnavailable: boolean = process.platform === 'win32'

  /** Watches over a child. */
  add(pid: number): void {
    this.#pids.add(pid)
    if (this.#child === undefined) this.#start()
    else this.#tell(`+${pid}\n`)
  }

  /** Forgets a child that has ended. */
  remove(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell(`-${pid}\n`)
  }

  /** Ends the watchdog itself, which a next {@link add} starts again. */
  close(): void {
    this.#child?.stdin?.end()
    this.#child = undefined
  }

  #start(): void {
    if (this.#isUnavailable) return
    // In a session of its own: Ctrl-C in the terminal reaches us and the children, and must not reach it.
    const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.#child = child
    const forget = (): void => {
      if (this.#child === child) this.#child = undefined
    }
    child.on('error', () => {
      this.#isUnavailable = true
      forget()
    })
    child.on('exit', forget)
    child.stdin.on('error', forget)
    releaseLoop(child, child.stdin)
    for (const pid of this.#pids) this.#tell(`+${pid}\n`)
  }

  #tell(line: string): void {
    const stdin = this.#child?.stdin
    if (stdin?.writable) stdin.write(line)
  }
}
