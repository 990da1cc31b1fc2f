import { validateOptions } from '../schemas.js'
import { HlsLiveStream, type LiveStream } from './live-stream.js'
import type { LiveStreamOptions } from './options.js'

/**
 * Plays a live input as HLS: a transport stream by HTTP, UDP or SRT, another HLS stream, a camera (RTSP, V4L2), a capture
 * card, a test picture. What browsers play is copied, the rest encoded by ffmpeg. It starts at once; an input that breaks
 * off is opened anew, and the playlist goes on behind a discontinuity.
 *
 * @throws CuemuxError `BAD_REQUEST` for wrong options and for an input that is refused; everything else shows in
 *   {@link LiveStream.ready}, {@link LiveStream.state} and events
 */
export function createLiveStream(options: LiveStreamOptions): LiveStream {
  return new HlsLiveStream(validateOptions('live', options))
}
