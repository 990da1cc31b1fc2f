export { type AudioArguments, type AudioJob, audioEncodeArguments, audioOutputRate } from './arguments/audio.js'
export {
  type DetectionArguments,
  detectInterlacingArguments,
  type Interlacing,
  type InterlacingCounts,
  parseInterlacing,
} from './arguments/interlacing.js'
export {
  type HdrKind,
  type KeyframePlan,
  type RateTarget,
  type Scan,
  type VideoJob,
  type VideoSource,
  type VideoTarget,
  videoSourceOf,
} from './arguments/job.js'
export { targetCodecString, videoLevel } from './arguments/level.js'
export { HEIGHT_LADDER, heightsBelow, outputSize, type PictureSize } from './arguments/size.js'
export { type VideoArguments, videoEncodeArguments } from './arguments/video.js'
export type { AudioAddress, AudioEncoding, AudioTarget } from './audio/audio-arguments.js'
export { AudioTranscoder, type AudioTranscoderOptions } from './audio/audio-transcoder.js'
export { AAC_FRAME, type SegmentTimes } from './audio/grid.js'
export type { ReadSamples } from './audio/sample-feed.js'
export { chooseEncoder, type EncoderRequest, type ForcedEncoder, type VideoEncoder } from './capabilities/choose.js'
export { type DoctorReport, type DoctorRow, describeCapabilities, doctorReport } from './capabilities/doctor.js'
export { type MeasureOptions, measureCapabilities } from './capabilities/measure.js'
export type {
  BinaryIdentity,
  Capabilities,
  EncoderFamily,
  EncoderTrial,
  Hardware,
  RenderDevice,
  TargetAudioCodec,
  TargetVideoCodec,
} from './capabilities/model.js'
export { canBeFed } from './input/feed-codec.js'
export { inputArguments } from './input/input-arguments.js'
export { type LoopbackInput, LoopbackServer, type MediaAddress, type OpenFeed } from './input/loopback.js'
export { type ProbedMedia, probeWithFfprobe } from './input/probe.js'
export type { ProbedStream } from './input/probe-model.js'
export {
  type LadderInput,
  type LadderRung,
  type LadderStretch,
  ladderRunArguments,
  ladderRunPlan,
  type RawFrames,
  rungGrid,
} from './ladder/ladder-arguments.js'
export { LADDER_TRACK_ID, LadderRun, type LadderRunOptions } from './ladder/ladder-run.js'
export { FlvStream, type StreamEvents, type StreamFrame, type StreamTracks } from './live/flv-stream.js'
export { type LiveProbing, liveInputArguments } from './live/input-arguments.js'
export type {
  DeviceLiveInput,
  FileLiveInput,
  HlsLiveInput,
  HttpLiveInput,
  HttpLiveOptions,
  LiveInput,
  RtspLiveInput,
  SrtLiveInput,
  TestLiveInput,
  UdpLiveInput,
} from './live/live-input.js'
export { type LiveAudio, type LiveOutput, type LiveVideo, liveOutputArguments } from './live/output-arguments.js'
export {
  type LiveAudioFacts,
  type LiveFacts,
  type LiveVideoFacts,
  type ProbeLiveOptions,
  probeLive,
} from './live/probe-live.js'
export { type FfmpegLocation, installCommand, type LocateOptions, locateFfmpeg, type Surroundings } from './locate.js'
export type { FailureKind, FailureReason } from './process/failure.js'
export type { FfmpegProcess, ProcessExit } from './process/ffmpeg-process.js'
export { ProcessPool, type ProcessPoolOptions } from './process/process-pool.js'
export { FfmpegRegistry, type RegistryOptions, type StartOptions } from './process/registry.js'
export type { FfmpegProgress } from './process/stderr-log.js'
export { EncoderHealth, type EncoderHealthOptions, type EncoderTrouble } from './video/encoder-health.js'
export { fixedVideoPlan } from './video/fixed-plan.js'
export { parameterSetsFor } from './video/parameter-sets.js'
export type { VideoEncoding } from './video/video-arguments.js'
export type { VideoPlan } from './video/video-grid.js'
export { LateStart, SEEK_MARGINS_S } from './video/video-segmenter.js'
export { type VideoEncoderChoice, VideoTranscoder, type VideoTranscoderOptions } from './video/video-transcoder.js'
