import { AsyncLocalStorage } from 'node:async_hooks'

/** Told of a process that works for somebody, and when it is gone. */
export type ProcessListener = (pid: number, exit: Promise<unknown>) => void

/** For whom processes are started: whoever asks for something within `run` is told of those that are started for it. */
export const processOwner: AsyncLocalStorage<ProcessListener> = new AsyncLocalStorage()
