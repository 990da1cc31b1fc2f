import { existsSync } from 'node:fs'
import process from 'node:process'
import type { VideoJob } from '../arguments/job.js'
import { videoEncodeArguments } from '../arguments/video.js'
import { describeEncoder } from './choose.js'
import { firstReason, parseVulkanDevice } from './listings.js'
import { type Candidate, type Capabilities, type EncoderTrial, NOT_BUILT_IN, type TargetVideoCodec } from './model.js'
import { type Answer, ask } from './run.js'

/** Larger than the least that any hardware encodes (384 pixels), small enough to take no time. */
const WIDTH = 640
const HEIGHT = 384
/** Grey of 4:2:0, two bytes for three half bytes: a frame needs no source filter, which a lean ffmpeg lacks. */
const FRAME = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128)
const SILENCE = new Uint8Array(2 * 2 * 4096)
const RAW_VIDEO = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${WIDTH}x${HEIGHT}`, '-r', '25', '-i', 'pipe:0']
const RAW_AUDIO = ['-f', 's16le', '-ar', '48000', '-ac', '2', '-i', 'pipe:0']
const TO_NOWHERE = ['-frames:v', '1', '-f', 'null', '-']

/** The job of a trial: what a run asks for, so that an option that the driver refuses shows here. */
function trialJob(codec: TargetVideoCodec): VideoJob {
  return {
    source: {
      codec: 'unknown',
      width: WIDTH,
      height: HEIGHT,
      pixelAspect: [1, 1],
      rotation: 0,
      frameRate: [25, 1],
      scan: 'progressive',
      bitDepth: 8,
      chroma: '4:2:0',
      colour: undefined,
      hdr: undefined,
    },
    target: { codec, rate: { quality: 'medium' }, keyframes: { timescale: 25, interval: 50 } },
  }
}

/** What is tried on: the capabilities as far as they are known before the trials. */
export type TrialGround = Omit<Capabilities, 'trials'>

/** The arguments of one trial. */
function trialArguments(ground: TrialGround, trial: EncoderTrial): readonly string[] {
  const start = ['-hide_banner', '-v', 'error', '-y']
  if (trial.codec === 'aac' || trial.codec === 'opus') {
    return [...start, ...RAW_AUDIO, '-c:a', trial.name, '-b:a', '128000', '-f', 'null', '-']
  }
  const encoder = describeEncoder({ ...ground, trials: [] }, trial, trial.codec, trial.name)
  const { inputArguments, outputArguments } = videoEncodeArguments(trialJob(trial.codec), encoder)
  return [...start, ...inputArguments, ...RAW_VIDEO, ...outputArguments, ...TO_NOWHERE]
}

/** Why a candidate needs no process to fail. */
function knownObstacle(ground: TrialGround, { name, family }: Candidate): string | undefined {
  if (!ground.encoders.includes(name)) return NOT_BUILT_IN
  const needsRenderDevice = family === 'vaapi' || (family === 'qsv' && process.platform === 'linux')
  if (needsRenderDevice && ground.hardware.renderDevices.length === 0) return 'no render device in /dev/dri'
  return undefined
}

function reasonOf(answer: Answer, timeoutMs: number): string {
  if (answer.isTimeout) return `no frame within ${timeoutMs / 1000} s`
  return firstReason(answer.stderr) ?? 'ended without a frame and without a word'
}

/** Asks a candidate for one frame; VAAPI on each render device until one works. */
export async function tryEncoder(ground: TrialGround, candidate: Candidate, timeoutMs: number): Promise<EncoderTrial> {
  const obstacle = knownObstacle(ground, candidate)
  if (obstacle !== undefined) return { ...candidate, works: false, reason: obstacle }
  const devices = candidate.family === 'vaapi' ? ground.hardware.renderDevices.map(({ path }) => path) : [undefined]
  let reason = ''
  for (const device of devices) {
    const trial = { ...candidate, works: true, device }
    const input = candidate.codec === 'aac' || candidate.codec === 'opus' ? SILENCE : FRAME
    const answer = await ask({ binary: ground.binary.path, arguments: trialArguments(ground, trial), input, timeoutMs })
    if (answer.ok) return trial
    reason ||= reasonOf(answer, timeoutMs)
  }
  return { ...candidate, works: false, reason }
}

/** What drivers of GPUs show on Linux beside render devices: NVIDIA's own, WSL's, and those of phones' chips. */
const GPU_DEVICES = ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0']

/** Without any, Vulkan draws on the processor at best, which takes a quarter of a second to find out. */
function hasNoGpu({ renderDevices }: TrialGround['hardware']): boolean {
  return process.platform === 'linux' && renderDevices.length === 0 && !GPU_DEVICES.some(path => existsSync(path))
}

/** The GPU that libplacebo can draw on. */
export async function tryVulkan(ground: TrialGround, timeoutMs: number): Promise<string | undefined> {
  if (!ground.filters.includes('libplacebo') || hasNoGpu(ground.hardware)) return undefined
  const filter = 'hwupload,libplacebo=format=yuv420p,hwdownload,format=yuv420p'
  const device = ['-init_hw_device', 'vulkan=vk', '-filter_hw_device', 'vk']
  const asked = ['-hide_banner', '-v', 'verbose', ...device, ...RAW_VIDEO, '-vf', filter, ...TO_NOWHERE]
  const answer = await ask({ binary: ground.binary.path, arguments: asked, input: FRAME, timeoutMs })
  return answer.ok ? parseVulkanDevice(answer.stderr) : undefined
}
