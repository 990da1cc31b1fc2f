import type { Io } from './io.js'

/** A line on the terminal that is rewritten as work goes on. */
export interface Progress {
  /** Shows the line, at most ten times a second. */
  show(line: string): void
  /** Takes the line away. */
  clear(): void
}

const INTERVAL_MS = 100
const ERASE_LINE = '\r\u001b[K'

/** A progress line on stderr where that is a terminal and a person is meant to see it; else one that shows nothing. */
export function createProgress(io: Io, options: { readonly json: boolean }): Progress {
  if (options.json || io.stderr.isTTY !== true) return { show: () => {}, clear: () => {} }
  let shownAt = 0
  let isShown = false
  return {
    show(line) {
      const now = performance.now()
      if (isShown && now - shownAt < INTERVAL_MS) return
      shownAt = now
      isShown = true
      io.stderr.write(ERASE_LINE + line)
    },
    clear() {
      if (isShown) io.stderr.write(ERASE_LINE)
      isShown = false
    },
  }
}
