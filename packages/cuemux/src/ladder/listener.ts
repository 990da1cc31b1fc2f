/** Calls a listener; its failure is no reason to fail the job. */
export function tell<T>(listener: ((value: T) => void) | undefined, value: T): void {
  try {
    listener?.(value)
  } catch {
    // The listener's own.
  }
}
