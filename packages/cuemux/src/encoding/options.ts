/** How tracks are encoded that a client doesn't play. */
export interface EncoderOptions {
  /** Path of ffmpeg; default `CUEMUX_FFMPEG`, else the one in PATH. */
  readonly ffmpeg?: string
  /** Encoder of pictures: `auto` (default: NVENC, VAAPI, QSV, VideoToolbox, AMF, x264, what works first), a family or a name. */
  readonly encoder?: string
  /** Greatest height of an encoded picture, pixels; never enlarged. Default 1080. */
  readonly maxHeight?: number
  /** How many ffmpeg processes there may be at once. Default 16. */
  readonly maxProcesses?: number
  /** How long one may make nothing while somebody waits for it, ms; it is ended then. Default 20 000. */
  readonly stallTimeoutMs?: number
  /** Told of what an encoder does that a viewer doesn't see: a hardware encoder in trouble, replaced by software. */
  readonly onEvent?: (event: EncoderEvent) => void
}

/** What an encoder tells of its work. */
export interface EncoderEvent {
  readonly type: 'encoder-trouble'
  /** Family of encoders, as `nvenc`. */
  readonly family: string
  /** What went wrong, in words. */
  readonly reason: string
}
