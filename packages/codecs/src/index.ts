export { type AacParameters, writeAudioSpecificConfig } from './aac.js'
export { alacToBox } from './alac.js'
export { captionDataOf } from './caption-data.js'
export { codecString } from './codec-string.js'
export { describeAudio, describeVideo } from './describe.js'
export type * from './description.js'
export { dolbyVisionString } from './dolby-vision.js'
export { type DropNalUnitsOptions, dropNalUnits, type IdleNalUnit } from './drop-nal-units.js'
export { flacToDfla } from './flac.js'
export { audioConfigFromFrame } from './from-frame.js'
export { videoConfigFromSample } from './from-sample.js'
export { bringsParameterSets, inBandDescription, type KnownDescription } from './in-band.js'
export { type KeyframeKind, keyframeKind } from './keyframe.js'
export { type MpegAudioHeader, parseMpegAudioHeader } from './mpeg-audio.js'
export {
  annexBToLengthPrefixed,
  forEachNalUnit,
  isAnnexB,
  type NalVisitor,
  removeEmulationPrevention,
  splitAnnexB,
} from './nal.js'
export { opusConfigOfChannels, opusHeadToDops, opusPacketSamples } from './opus.js'
export { hasParameterSets, withParameterSets } from './parameter-sets.js'
export { pcmConfig } from './pcm.js'
export { nearUsualRate } from './usual-rate.js'
