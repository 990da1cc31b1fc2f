let last = 0

/**
 * A fence of this machine's clock: whole microseconds since 1970, more than any that this process gave before. Fences of
 * Redis are made the same way, so that those of a process that has to work without it are of the same order.
 */
export function clockFence(): number {
  last = Math.max(last + 1, Math.floor((performance.timeOrigin + performance.now()) * 1000))
  return last
}
