export { isMp4 } from './find-moov.js'
export { type OpenMp4Options, openMp4 } from './open.js'
