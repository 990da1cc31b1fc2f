export { type OpenMpegTsOptions, openMpegTs } from './open.js'
export { isMpegTs } from './packets.js'
export { type TsSegment, writeTsSegment } from './write-segment.js'
