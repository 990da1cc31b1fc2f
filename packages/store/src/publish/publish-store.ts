/**
 * The bytes of a file that is published: one array, pieces, or a stream that is read once. The arrays must not be
 * changed before the upload is done.
 */
export type PublishBody = Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>

/** Options of what a store does over time. */
export interface PublishOptions {
  /** Ends the work early with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link PublishStore.put}. */
export interface PutOptions extends PublishOptions {
  /** Media type under which the file is served, where the store keeps one. By the path's extension when left out. */
  readonly contentType?: string | undefined
  /** `Cache-Control` under which the file is served, where the store keeps one. */
  readonly cacheControl?: string | undefined
}

/** What a store has under an address. */
export interface VerifiedFile {
  /** Names the file to its store: a path, `ipfs://CID` or `s3://bucket/key`. */
  readonly address: string
  /** The content's CID (version 1), from a store that has them. */
  readonly cid?: string
  /** A checksum with its kind before it: `sha256:…` from a folder, `etag:…` from S3. */
  readonly checksum?: string
  /** Length of the content in bytes. */
  readonly sizeBytes: number
}

/** A file that a store has taken. Plain data: a checkpoint keeps it as it is. */
export interface StoredFile extends VerifiedFile {
  /** The path under which it was put. */
  readonly path: string
  /** Where anyone finds it, when the store was told (`gateway`, `publicUrl`). */
  readonly url?: string
}

/**
 * A place to publish files to.
 *
 * Every method throws `ABORTED` as soon as its signal fires, `BAD_REQUEST` for an argument that can't be, and
 * `OUTPUT_FAILED` with a hint when the store can't do its work.
 */
export interface PublishStore {
  /** What kind of place it is. */
  readonly kind: 'folder' | 'ipfs' | 'kubo' | 's3'
  /**
   * Stores a file. Others see all of it or nothing; a file that was there is replaced.
   *
   * @param path relative, with `/` between its names
   * @param body read once, from its beginning to its end
   */
  put(path: string, body: PublishBody, options?: PutOptions): Promise<StoredFile>
  /**
   * What the store has under an address, looked up there and not remembered; `undefined` when it isn't there. A folder and a
   * folder of blocks are read through and hashed; S3 is asked for size and ETag, a Kubo node for size and pin.
   */
  verify(address: string, options?: PublishOptions): Promise<VerifiedFile | undefined>
  /**
   * The file at a path, when it has just these bytes: asked by a job that goes on, whose earlier run may have stored it and not come to note it. A
   * store without it is given the file again.
   */
  find?(path: string, body: readonly Uint8Array[], options?: PublishOptions): Promise<StoredFile | undefined>
  /** How a playlist at a path names a stored file: relative to itself, or by the template that the store was given. */
  playlistAddress(file: StoredFile, playlistPath: string): string
  /** Keeps what is at an address from being thrown away, where a store does that. `put` already does it for its file. */
  pin?(address: string, options?: PublishOptions): Promise<void>
  /**
   * Makes one whole of all files, where a store has such a thing: on IPFS a directory, in which relative addresses of playlists
   * lead somewhere.
   *
   * @returns the whole: its path is empty
   */
  finish?(files: readonly StoredFile[], options?: PublishOptions): Promise<StoredFile>
  /** Gives back what the store holds. What is under way goes on. */
  close(): Promise<void>
}
