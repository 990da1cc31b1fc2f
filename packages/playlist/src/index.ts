export type { ByteRange, InitMap } from './byte-range.js'
export { CHAPTERS_DATA_ID, type Chapter, writeChaptersJson } from './chapters.js'
export { chooseVariant, type VariantLimits } from './choose-variant.js'
export { chapterDateRanges, type DateRange } from './date-range.js'
export type { PlaylistKey } from './key.js'
export type { PlaylistPart, PlaylistSkip, PreloadHint, RenditionReport, ServerControl } from './low-latency.js'
export {
  type MediaPlaylist,
  type PlaylistSegment,
  type PlaylistStart,
  type SegmentTags,
  writeMediaPlaylist,
} from './media-playlist.js'
export { writeMpd } from './mpd.js'
export type {
  DashAudio,
  DashChoice,
  DashDescriptor,
  DashImages,
  DashManifest,
  DashPeriod,
  DashRendition,
  DashRole,
  DashText,
  DashTimeline,
  DashVideo,
} from './mpd-model.js'
export { type MultivariantPlaylist, writeMultivariantPlaylist } from './multivariant-playlist.js'
export {
  type ParsedMediaPlaylist,
  type ParsedMultivariantPlaylist,
  type ParsedPlaylist,
  type ParseFindings,
  type ParseOptions,
  parsePlaylist,
} from './parse-playlist.js'
export type { PlaylistProblem } from './problems.js'
export type { UnknownTag } from './read-common.js'
export type { MediaRendition } from './rendition.js'
export { resolveUri } from './resolve-uri.js'
export type { ContentSteering, SessionData } from './session.js'
export type { IFrameStream, ImageStream, StreamFacts, StreamVariant, VideoRange } from './stream-inf.js'
export type { TileLayout } from './tiles.js'
export {
  type IFrame,
  type IFramePlaylist,
  type ImagePlaylist,
  writeIFramePlaylist,
  writeImagePlaylist,
} from './trick-play.js'
export type { Definition, VariableSources } from './variables.js'
