import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** What a worker says. */
export interface WorkerMessage {
  readonly type: string
  readonly text?: string
  readonly fence?: number
  readonly stats?: Readonly<Record<string, number>>
}

/** A process of a test's own, with all that it said. */
export class Worker {
  readonly heard: WorkerMessage[] = []
  readonly #child: ChildProcess

  constructor(script: string, ...args: readonly string[]) {
    this.#child = fork(script, args)
    this.#child.on('message', message => this.heard.push(message as WorkerMessage))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  send(message: object): void {
    this.#child.send(message)
  }

  /** The first message of a type, said already or still to come. */
  async hear(type: string): Promise<WorkerMessage> {
    for (;;) {
      const found = this.heard.find(message => message.type === type)
      if (found !== undefined) return found
      if (this.#child.exitCode !== null) throw new Error(`The process ended with ${this.#child.exitCode}.`)
      await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')])
    }
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** The exit code of a process that ends by itself. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
    return this.#child.exitCode
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}
