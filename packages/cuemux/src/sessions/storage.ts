import type { SessionRecord } from './record.js'

/** Where sessions are kept; tests give their own. */
export interface SessionStorage {
  /**
   * Takes the folder for this process, and removes what is no session in it: folders without a record, and with one that
   * is damaged or not accepted.
   *
   * @throws CuemuxError `CAPACITY` where another process has it, `OUTPUT_FAILED`
   */
  open(
    accept: (record: SessionRecord) => boolean,
  ): Promise<{ readonly records: SessionRecord[]; readonly removed: number }>
  /** Makes the folder of a new session. */
  create(id: string): Promise<string>
  /** Writes a session's record, whole or not at all. */
  write(record: SessionRecord): Promise<void>
  /** Removes all of a session. */
  remove(id: string): Promise<void>
  /** Lets go of the folder. */
  close(): Promise<void>
}
