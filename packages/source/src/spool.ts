/**
 * A place for the bytes of a download that can't be asked for again: a server without ranges, a stream. Filled in
 * order, read anywhere; `diskSpool` of `@cuemux/source/node` is one.
 */
export interface Spool {
  /** Nothing is written past this many bytes. */
  readonly limitBytes: number
  /** Keeps bytes; the calls follow each other without a gap, from offset 0. */
  write(offsetBytes: number, bytes: Uint8Array): Promise<void>
  /** Gives back bytes that were written. */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>
  /** Forgets all of them. */
  close(): Promise<void>
}
