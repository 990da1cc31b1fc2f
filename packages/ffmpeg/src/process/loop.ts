/** These keep the program from ending by itself again. A child's pipes are sockets, whose declared type doesn't say so. */
export function holdLoop(...parts: readonly (object | null | undefined)[]): void {
  for (const part of parts) {
    if (part !== null && part !== undefined && 'ref' in part && typeof part.ref === 'function') part.ref()
  }
}

/** The program may end although these are there. */
export function releaseLoop(...parts: readonly (object | null | undefined)[]): void {
  for (const part of parts) {
    if (part !== null && part !== undefined && 'unref' in part && typeof part.unref === 'function') part.unref()
  }
}
