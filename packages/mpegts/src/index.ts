export { type OpenMpegTsOptions, openMpegTs } from './open.js'
export { isMpegTs } from './packets.js'
