export { type ClientName, type ClientProfile, resolveClient } from './client.js'
export { type Decision, decide } from './decide.js'
export { type Extent, renditionExtent } from './extent.js'
export {
  type PresentationOptions,
  type PresentationPlan,
  planPresentation,
  type TrackDecision,
} from './presentation.js'
export type { SegmentOverhead } from './rates.js'
export type { Bandwidth, RatedRendition, RenditionPlan } from './rendition.js'
export { planSegments, type SegmentOptions, type SegmentPlan, segmentSpan } from './segments.js'
export { supplementalCodecs } from './supplemental-codecs.js'
export { type MediaTime, planTimeline, type Timeline } from './timeline.js'
export type { VariantPlan } from './variants.js'
