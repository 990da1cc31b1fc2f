import { runOrThrow } from './process.js'

/** A packet's times, ms. */
export interface PacketTime {
  readonly ptsMs: number
  readonly dtsMs: number
}

/** Times of a stream's packets as ffprobe reads them, in decode order. */
export async function packetTimes(file: string, stream: 'v:0' | 'a:0'): Promise<PacketTime[]> {
  const show = ['-select_streams', stream, '-show_entries', 'packet=pts_time,dts_time', '-of', 'json', file]
  const { stdout } = await runOrThrow('ffprobe', ['-v', 'error', ...show])
  const { packets } = JSON.parse(stdout.toString()) as { packets: { pts_time: string; dts_time: string }[] }
  return packets.map(({ pts_time, dts_time }) => ({ ptsMs: Number(pts_time) * 1000, dtsMs: Number(dts_time) * 1000 }))
}

/** What ffprobe says of a file's streams. */
export async function probeStreams(file: string): Promise<Readonly<Record<string, unknown>>[]> {
  const { stdout } = await runOrThrow('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', file])
  return (JSON.parse(stdout.toString()) as { streams: Record<string, unknown>[] }).streams
}
