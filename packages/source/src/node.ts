export { type DiskSpoolOptions, diskSpool } from './disk-spool.js'
export { type FileSourceOptions, fileSource, openFile } from './file.js'
export { type GuardedFetchOptions, guardedFetch } from './guarded-fetch.js'
