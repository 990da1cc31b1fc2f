export { type FileSourceOptions, fileSource, openFile } from './file.js'
