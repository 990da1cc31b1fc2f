export { type ClientName, type ClientProfile, resolveClient } from './client.js'
export { type Clip, planClip } from './clip.js'
export { type Decision, decide } from './decide.js'
export { type Extent, renditionExtent } from './extent.js'
export {
  decideTracks,
  type PresentationOptions,
  type PresentationPlan,
  planPresentation,
  type TextRenditionPlan,
  type TrackDecision,
} from './presentation.js'
export { averageRate, peakRate, type SegmentOverhead } from './rates.js'
export type { Bandwidth, RatedRendition, RenditionPlan } from './rendition.js'
export {
  type DescriptionChange,
  periodOf,
  planSegments,
  type SegmentOptions,
  type SegmentPeriod,
  type SegmentPlan,
  segmentSpan,
} from './segments.js'
export { sourceSpanBytes } from './span-bytes.js'
export { supplementalCodecs } from './supplemental-codecs.js'
export { type MediaTime, planTimeline, type Timeline } from './timeline.js'
export type { VariantPlan } from './variants.js'
