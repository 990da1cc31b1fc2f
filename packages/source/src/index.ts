export { blobSource } from './blob.js'
export { bytesSource, type NamedSourceOptions } from './bytes.js'
export { type HttpSource, type HttpSourceOptions, httpSource } from './http.js'
export { type ReadAheadOptions, readAheadSource } from './read-ahead.js'
